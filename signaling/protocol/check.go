package protocol

import "encoding/json"

// CheckRoute checks that a client's signal or receipt has all that routing and its recipient need, and does not say who it is
// from: that is the server's to say.
func (e *Envelope) CheckRoute() error {
	switch {
	case e.From != nil || e.FromInstance != nil:
		return Errorf(CodeBadFrame, "%s: from and fromInstance are the server's to say", e.Type)
	case len(e.Room) == 0 || len(e.To) == 0 || len(e.ToInstance) == 0:
		return Errorf(CodeBadFrame, "%s: room, to and toInstance are needed", e.Type)
	case e.N == 0:
		return Errorf(CodeBadFrame, "%s: n counts from 1", e.Type)
	case e.After >= e.N:
		return Errorf(CodeBadFrame, "%s: after is not below n", e.Type)
	case e.Type == TypeSignal && e.Data == nil:
		return Errorf(CodeBadFrame, "signal: data is needed")
	}
	return nil
}

func (m *Hello) check() error {
	if len(m.Versions) == 0 {
		return Errorf(CodeBadFrame, "hello: versions is empty")
	}
	if !ValidInstance(m.Instance) {
		return Errorf(CodeBadFrame, "hello: instance is not 16 lower-case hex digits")
	}
	if len(m.Capabilities) > 16 {
		return Errorf(CodeBadFrame, "hello: more than 16 capabilities")
	}
	for name := range m.Capabilities {
		if len(name) > MaxName {
			return Errorf(CodeBadFrame, "hello: a capability's name is longer than %d bytes", MaxName)
		}
	}
	return m.checkKey()
}

// checkKey wants a key in the one form that it can have: who compares the texts compares the keys.
func (m *Hello) checkKey() error {
	switch {
	case (m.Key == "") != (m.Nonce == ""):
		return Errorf(CodeBadFrame, "hello: key and nonce come both or not at all")
	case m.Key == "" && m.Attestation != "":
		return Errorf(CodeBadFrame, "hello: an attestation is about a key, and there is none")
	case m.Key != "" && !ValidKey(m.Key):
		return Errorf(CodeBadFrame, "hello: key is not 32 bytes in base64url without padding")
	case m.Nonce != "" && !ValidNonce(m.Nonce):
		return Errorf(CodeBadFrame, "hello: nonce is not 16 bytes in base64url without padding")
	case m.Attestation != "" && !ValidAttestation(m.Attestation):
		return Errorf(CodeBadFrame, "hello: attestation is not a compact JWS of at most %d bytes", MaxAttestation)
	}
	return nil
}

func (m *Join) check() error {
	if !m.Topology.Valid() {
		return Errorf(CodeBadFrame, "join: no topology %.32q; there are mesh and none", string(m.Topology))
	}
	if m.Epoch != "" && !ValidInstance(m.Epoch) {
		return Errorf(CodeBadFrame, "join: epoch is not 16 lower-case hex digits")
	}
	if err := checkAttributes("join", m.Attributes); err != nil {
		return err
	}
	return checkRoom(m.Room)
}

func (m *Leave) check() error { return checkRoom(m.Room) }

func (m *Update) check() error {
	if m.Attributes == nil {
		return Errorf(CodeBadFrame, "update: attributes are needed")
	}
	if err := checkAttributes("update", m.Attributes); err != nil {
		return err
	}
	return checkRoom(m.Room)
}

func (m *Token) check() error {
	if m.Token == "" {
		return Errorf(CodeBadFrame, "token: token is empty")
	}
	return nil
}

func (m *Message) check() error {
	if m.N == 0 || m.N > MaxNumber {
		return Errorf(CodeBadFrame, "message: n counts from 1 to 2^53-1")
	}
	if m.After >= m.N {
		return Errorf(CodeBadFrame, "message: after is not below n")
	}
	if m.Data == nil {
		return Errorf(CodeBadFrame, "message: data is needed")
	}
	return checkRoom(m.Room)
}

func (m *Signal) check() error {
	if m.From == "" || m.To == "" || m.N == 0 || m.Data == nil || !ValidInstance(m.FromInstance) {
		return Errorf(CodeBadFrame, "signal: from, fromInstance, to, n and data are needed")
	}
	if m.After >= m.N {
		return Errorf(CodeBadFrame, "signal: after is not below n")
	}
	return checkRoom(m.Room)
}

func (m *Receipt) check() error {
	if m.From == "" || m.N == 0 || !ValidInstance(m.FromInstance) {
		return Errorf(CodeBadFrame, "receipt: from, fromInstance and n are needed")
	}
	return checkRoom(m.Room)
}

func (m *Event) check() error {
	if m.Position == 0 || m.Peer == "" {
		return Errorf(CodeBadFrame, "event: position and peer are needed")
	}
	if (m.Kind == EventJoined || m.Kind == EventBack) && m.Member == nil {
		return Errorf(CodeBadFrame, "event: %s needs the member", m.Kind)
	}
	return checkRoom(m.Room)
}

func (m *Welcome) check() error {
	if m.Peer == "" || m.Version == "" {
		return Errorf(CodeBadFrame, "welcome: peer and version are needed")
	}
	return nil
}

func (m *Report) check() error {
	switch m.Outcome {
	case OutcomeDirect, OutcomeRelayed, OutcomeFailed:
	default:
		return Errorf(CodeBadFrame, "report: no outcome %.32q; there are direct, relayed and failed", string(m.Outcome))
	}
	switch m.Protocol {
	case "", RelayUDP, RelayTCP, RelayTLS:
	default:
		return Errorf(CodeBadFrame, "report: no protocol %.32q; there are udp, tcp and tls", string(m.Protocol))
	}
	if m.Opening < 0 || m.Opening > MaxOpening {
		return Errorf(CodeBadFrame, "report: opening is not a number of milliseconds up to %d", MaxOpening)
	}
	return nil
}

func (m *Joined) check() error     { return checkRoom(m.Room) }
func (m *Ack) check() error        { return checkRoom(m.Room) }
func (m *Bye) check() error        { return nil }
func (m *ICE) check() error        { return nil }
func (m *Expiring) check() error   { return nil }
func (m *GoAway) check() error     { return nil }
func (m *Ping) check() error       { return nil }
func (m *Pong) check() error       { return nil }
func (m *ErrorReply) check() error { return nil }

func checkRoom(name string) error {
	if !ValidRoom(name) {
		return Errorf(CodeBadRoom, "%.80q is not a room name: 1 to 64 letters, digits and . _ ~ -, the first a letter or digit", name)
	}
	return nil
}

// checkAttributes wants an object, or nothing. The raw value begins at its first byte: encoding/json trims it.
func checkAttributes(where string, raw json.RawMessage) error {
	if raw != nil && raw[0] != '{' {
		return Errorf(CodeBadFrame, "%s: attributes are not an object", where)
	}
	return nil
}
