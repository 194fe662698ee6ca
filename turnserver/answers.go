package turnserver

import (
	"slices"

	"github.com/pion/stun/v4"
)

// refusal is the error that answers a request. The zero value is none: Pion's answer stands.
type refusal struct {
	code   stun.ErrorCode
	phrase string // for people, at most 127 bytes; "": the usual one
}

// leave returns what a client gets where Pion has p for it, or why it gets nothing.
func (e *entry) leave(p []byte) (answer []byte, why dropped, ok bool) {
	r := &e.req
	m, ok := parseSTUN(p)
	// An indication is never answered (RFC 8489 section 6.3.2), and Pion does that to one with an attribute that it does not know.
	if !ok || r.msg.raw == nil || m.id() != r.msg.id() {
		return nil, dropUnexpected, false
	}
	if r.key == nil && !r.paid && !e.mayAnswer() {
		return nil, dropStranger, false
	}
	switch {
	case r.refusal.code != 0:
		answer, ok := e.refuseWith(r.refusal)
		return answer, dropUnexpected, ok
	// What answers an authenticated request is signed, errors too (RFC 8489 section 9.2.5): a client could otherwise be
	// told to give up by anybody who saw its request.
	case r.key != nil && m.class() == classError && !m.has(attrIntegrity):
		return e.sign(p), 0, true
	case m.class() == classSuccess:
		e.lives(m)
	}
	return p, 0, true
}

// countError counts an answer that is an error, by its code.
func (c *counters) countError(answer []byte) {
	if m, ok := parseSTUN(answer); ok && m.class() == classError {
		if v, ok := m.get(attrErrorCode); ok && len(v) >= 4 && v[2] >= 3 && v[2] <= 6 && v[3] < 100 {
			c.errors[(int(v[2])-3)*100+int(v[3])].Add(1)
		}
	}
}

// refuseWith makes the error that answers the request under way. Silence is better than to end with every client's relays for one
// that cannot be made; none is known.
func (e *entry) refuseWith(why refusal) (answer []byte, ok bool) {
	m := e.req.msg
	set := []stun.Setter{
		stun.NewTransactionIDSetter(m.id()), stun.NewType(stun.Method(m.method()), stun.ClassErrorResponse),
		errorCode(why),
	}
	if why.code == stun.CodeUnauthorized {
		// With what to try again (RFC 8489 section 9.2.4): Pion has just found this nonce to be one of its own. The realm
		// is ours, whatever the client's was.
		set = append(set, stun.NewNonce(m.text(attrNonce)), stun.NewRealm(e.srv.cfg.Realm))
	} else if e.req.key != nil {
		set = append(set, stun.MessageIntegrity(e.req.key))
	}
	made, err := stun.Build(set...)
	if err != nil {
		return nil, false
	}
	return made.Raw, true
}

func errorCode(why refusal) stun.Setter {
	if why.phrase == "" {
		return why.code
	}
	return &stun.ErrorCodeAttribute{Code: why.code, Reason: []byte(why.phrase[:min(len(why.phrase), 127)])}
}

// sign adds MESSAGE-INTEGRITY to an error of Pion's, which has no FINGERPRINT.
func (e *entry) sign(p []byte) []byte {
	m := &stun.Message{Raw: slices.Clone(p)}
	if m.Decode() != nil || stun.MessageIntegrity(e.req.key).AddTo(m) != nil {
		return p // parseSTUN has read it; it stands as it is
	}
	return m.Raw
}
