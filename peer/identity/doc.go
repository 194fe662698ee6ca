// Package identity is how two peers make sure of each other without believing the server between them: keys, the proof that binds a key
// to the certificate of one connection, whom to trust, and the number that two people read to each other. README.md is the specification,
// and says what all of it does not protect against; testdata/vectors.json binds this package and the browser's SDK to it.
//
// Package peer does the rest: who sets Identity, Trust or Secret in its Config needs little of this package but [OpenKeyFile], [Pinned],
// [FirstUse], [Issued] and [OpenStore].
//
// The package starts no goroutines. A [Key], a [PublicKey], a [Secret] and the built-in kinds of [Trust] may be used by many at once.
package identity
