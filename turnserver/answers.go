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

// leave returns what a client gets where Pion has p for it, or that it gets nothing.
func (e *entry) leave(p []byte) (answer []byte, ok bool) {
	r := &e.req
	m, ok := parseSTUN(p)
	if !ok || r.msg.raw == nil || m.id() != r.msg.id() {
		return p, true // nothing of ours
	}
	if r.key == nil && !r.paid && !e.mayAnswer() {
		return nil, false
	}
	switch {
	case r.refusal.code != 0:
		return e.refuseWith(r.refusal)
	// What answers an authenticated request is signed, errors too (RFC 8489 section 9.2.5): a client could otherwise be
	// told to give up by anybody who saw its request.
	case r.key != nil && m.class() == classError && !m.has(attrIntegrity):
		return e.sign(p), true
	case m.class() == classSuccess:
		e.lives(m)
	}
	return p, true
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
