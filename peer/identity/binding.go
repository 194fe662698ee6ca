package identity

import (
	"encoding/binary"
	"time"
)

const bindingLabel = "beckon/1 dtls-binding\x00"

// Role is which side of a connection has signed. It keeps a proof from being sent back to who made it.
type Role uint8

// The roles.
const (
	Offerer  Role = 0
	Answerer Role = 1
)

// End is one side of a connection: its peer id, the key and the nonce that it shows in its hello.
type End struct {
	Peer  string
	Key   PublicKey
	Nonce Nonce
}

// Binding is what a proof is about: that the owner of a key will use a certificate, in this room, towards that peer, now.
type Binding struct {
	Role Role
	Room string
	// Self is who signs, Other the one that it is meant for.
	Self, Other End
	// Fingerprint is that of Self's certificate.
	Fingerprint Fingerprint
	// NotAfter is until when it is good.
	NotAfter time.Time
}

// Bytes are what is signed. Each part has a length that is fixed or said before it, so two bindings never have the same bytes.
func (b Binding) Bytes() []byte {
	out := make([]byte, 0, 256)
	out = append(out, bindingLabel...)
	out = append(out, byte(b.Role))
	for _, text := range []string{b.Room, b.Self.Peer, b.Other.Peer} {
		out = binary.BigEndian.AppendUint16(out, uint16(len(text))) // 64 bytes at most, which the wire sees to
		out = append(out, text...)
	}
	out = append(out, b.Self.Key[:]...)
	out = append(out, b.Other.Key[:]...)
	out = append(out, b.Self.Nonce[:]...)
	out = append(out, b.Other.Nonce[:]...)
	out = append(out, 1) // fingerprints
	out = append(out, b.Fingerprint[:]...)
	return binary.BigEndian.AppendUint64(out, uint64(b.NotAfter.Unix()))
}
