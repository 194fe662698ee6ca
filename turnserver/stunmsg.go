package turnserver

import (
	"crypto/hmac"
	"crypto/sha1" // MESSAGE-INTEGRITY is made with it
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// stunMsg is a STUN message as it lies in a datagram: a view, made by parseSTUN, that copies and allocates nothing. It is
// our own reader because it must be quick enough for every datagram that crosses a relay, and as strict as what stands
// behind it is trusting: what it lets through has attributes that fill the body exactly (RFC 8489 section 5 and 14).
//
//	 0                   1                   2                   3
//	|0 0|  class and method, 14 bits    |  length of what follows 20    |
//	|                     magic cookie 0x2112A442                       |
//	|                     transaction id, 96 bits                       |
//	|  attribute type   |  length   |  value, padded to 4 bytes ...     |
type stunMsg struct{ raw []byte }

const (
	stunHeader  = 20
	magicCookie = 0x2112A442
)

// The methods and attributes that this package looks at itself.
const (
	methodBinding          = 0x001
	methodAllocate         = 0x003
	methodRefresh          = 0x004
	methodSend             = 0x006
	methodCreatePermission = 0x008
	methodChannelBind      = 0x009
	methodConnect          = 0x00a // RFC 6062
	methodConnectionBind   = 0x00b // RFC 6062
	methodGoogPing         = 0x080 // Chromium's short check, where both sides have said that they know it

	attrUsername         = 0x0006
	attrIntegrity        = 0x0008
	attrErrorCode        = 0x0009
	attrChannel          = 0x000c
	attrLifetime         = 0x000d
	attrRealm            = 0x0014
	attrNonce            = 0x0015
	attrIntegritySHA256  = 0x001c
	attrPeerAddress      = 0x0012 // XOR-PEER-ADDRESS
	attrRequestedFamily  = 0x0017
	attrEvenPort         = 0x0018
	attrTransport        = 0x0019 // REQUESTED-TRANSPORT
	attrReservationToken = 0x0022
	attrFingerprint      = 0x8028
)

type stunClass uint16

const (
	classRequest    stunClass = 0x000
	classIndication stunClass = 0x010
	classSuccess    stunClass = 0x100
	classError      stunClass = 0x110
)

// looksSTUN tells STUN from everything else on one socket (RFC 7983 section 7: the first byte is 0 to 3), and what only
// begins like it from what has its cookie, too.
func looksSTUN(p []byte) bool {
	return len(p) >= stunHeader && p[0] < 4 && binary.BigEndian.Uint32(p[4:]) == magicCookie
}

// parseSTUN reads p, all of it. It keeps p.
func parseSTUN(p []byte) (m stunMsg, ok bool) {
	if !looksSTUN(p) || len(p)&3 != 0 || int(binary.BigEndian.Uint16(p[2:])) != len(p)-stunHeader {
		return stunMsg{}, false
	}
	for rest := p[stunHeader:]; len(rest) > 0; {
		if len(rest) < 4 {
			return stunMsg{}, false
		}
		size := 4 + (int(binary.BigEndian.Uint16(rest[2:]))+3)&^3
		if size > len(rest) {
			return stunMsg{}, false
		}
		rest = rest[size:]
	}
	return stunMsg{p}, true
}

func (m stunMsg) kind() uint16 { return binary.BigEndian.Uint16(m.raw) }

func (m stunMsg) class() stunClass { return stunClass(m.kind() & 0x110) }

// method puts together the 12 bits that the two of the class cut in three.
func (m stunMsg) method() uint16 {
	k := m.kind()
	return k&0x000f | k>>1&0x0070 | k>>2&0x0f80
}

func (m stunMsg) id() (id [12]byte) { return [12]byte(m.raw[8:20]) }

// attributes calls f with each attribute and the place of its header, until f returns false. What follows MESSAGE-INTEGRITY is
// not covered by it and is left out, but for FINGERPRINT and the longer integrity (RFC 8489 section 14.5).
func (m stunMsg) attributes(f func(typ uint16, value []byte, at int) bool) {
	covered := true
	for at := stunHeader; at < len(m.raw); {
		typ, n := binary.BigEndian.Uint16(m.raw[at:]), int(binary.BigEndian.Uint16(m.raw[at+2:]))
		if (covered || typ == attrIntegritySHA256 || typ == attrFingerprint) && !f(typ, m.raw[at+4:at+4+n], at) {
			return
		}
		covered = covered && typ != attrIntegrity && typ != attrIntegritySHA256
		at += 4 + (n+3)&^3
	}
}

// get is the value of the first attribute of a type.
func (m stunMsg) get(typ uint16) (value []byte, ok bool) {
	m.attributes(func(t uint16, v []byte, _ int) bool {
		if ok = t == typ; ok {
			value = v
		}
		return !ok
	})
	return value, ok
}

func (m stunMsg) has(typ uint16) bool {
	_, ok := m.get(typ)
	return ok
}

// text is the value of the first attribute of a type, "" when there is none.
func (m stunMsg) text(typ uint16) string {
	v, _ := m.get(typ)
	return string(v)
}

// reservesPort tells whether an EVEN-PORT asks for the next port, too (RFC 8656 section 18.6). One that does not is only about
// the port that is had.
func (m stunMsg) reservesPort() bool {
	v, ok := m.get(attrEvenPort)
	return ok && (len(v) != 1 || v[0]&0x80 != 0)
}

// signedBy tells whether there is a MESSAGE-INTEGRITY made with key. It is computed over all that comes before it, with a
// length that ends with it (RFC 8489 section 14.5).
func (m stunMsg) signedBy(key []byte) (ok bool) {
	m.attributes(func(typ uint16, mac []byte, at int) bool {
		if typ != attrIntegrity {
			return true
		}
		h := hmac.New(sha1.New, key)
		h.Write(m.raw[:2])
		h.Write(binary.BigEndian.AppendUint16(nil, uint16(at-stunHeader+4+sha1.Size)))
		h.Write(m.raw[4:at])
		ok = hmac.Equal(mac, h.Sum(nil))
		return false
	})
	return ok
}

// fingerprinted tells whether the FINGERPRINT is right, where there is one: it comes last (RFC 8489 section 14.7).
func (m stunMsg) fingerprinted() bool {
	ok := true
	m.attributes(func(typ uint16, v []byte, at int) bool {
		if typ == attrFingerprint {
			ok = len(v) == 4 && at+8 == len(m.raw) && binary.BigEndian.Uint32(v) == crc32.ChecksumIEEE(m.raw[:at])^0x5354554e
		}
		return ok
	})
	return ok
}

// xorAddress reads the value of an attribute like XOR-PEER-ADDRESS (RFC 8489 section 14.2). The first byte may be ignored, but
// Pion does not: what it would refuse after others were let in must be refused here.
func (m stunMsg) xorAddress(v []byte) (netip.AddrPort, bool) {
	if len(v) < 4 || v[0] != 0 {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(v[2:]) ^ magicCookie>>16
	addr := [16]byte(m.raw[4:20]) // the cookie and the transaction id are what addresses are XORed with
	for i := range min(16, len(v)-4) {
		addr[i] ^= v[4+i]
	}
	switch {
	case v[1] == 1 && len(v) == 8:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(addr[:4])), port), true
	case v[1] == 2 && len(v) == 20:
		return netip.AddrPortFrom(netip.AddrFrom16(addr), port), true
	}
	return netip.AddrPort{}, false
}
