package signaling

import "github.com/beckon-rtc/beckon/signaling/protocol"

// shown is by what a client lets the other members verify it. The server passes it on and believes none of it: that the client has the
// key, it proves to the others, in signals that the server does not read.
type shown struct{ key, nonce, attestation string }

func shownIn(h protocol.Hello) shown { return shown{h.Key, h.Nonce, h.Attestation} }

func (s shown) to(m *protocol.Member) { m.Key, m.Nonce, m.Attestation = s.key, s.nonce, s.attestation }

// binds tells whether the grant is good for who shows that key. A token that names a key is worth nothing to a thief who does not have
// it: with the thief's own it opens nothing, and with the one in the token nobody will connect, because proofs fail.
func (g Grant) binds(key string) bool { return g.Key == "" || g.Key == key }

var errOtherKey = protocol.Errorf(protocol.CodeUnauthorized, "the token is bound to a key (`cnf`), and that is not the one that you show")
