// Package token makes and checks join tokens: what an app's own backend signs, a client hands in, and a Beckon server believes
// about who may join which rooms. A token is a JWT (RFC 7519), signed with EdDSA, ES256 or HS256, so any JWT library can make
// one. The README says which claims it has and how to make one in other languages.
//
//	app's backend ── Sign(key, claims) ──▶ client ── hello ──▶ server ── Verifier.Verify ──▶ Access
//	                       ▲                                                 ▲
//	                 private key ─────────── public key set: KeyFile or KeyURL
//
// [Verifier] is what a server wants, with [KeyFile] or [KeyURL] for the keys; [Sign] with a [Key] of a [KeySet] is for who makes
// tokens; [Inspect] and [Rules] are for tools. What is checked, and in which order, is the list of the [Code]s.
//
// Three rules that have cost others dearly (RFC 8725):
//
//   - The algorithm belongs to the key. A token names its key, and its `alg` must be that of the key; it chooses nothing.
//   - A key belongs to an issuer. Its `kid` is looked up among that issuer's keys, and no cache mixes them.
//   - A token belongs to an audience. One for another service opens nothing here.
//
// And one of our own: a grant is decoded strictly. A permission or a restriction that this version does not know is refused by
// name, because who wrote it relies on it.
//
// # Goroutines
//
//	goroutine      owns                       ends
//	KeyURL.fetch   one fetch of a key set     after its Timeout at the latest; Close ends it and waits for it
//
// Everything else runs on its caller's goroutine, and only KeyURL ever waits.
package token
