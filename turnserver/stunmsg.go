package turnserver

import "encoding/binary"

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

// get is the value of the first attribute of a type. What follows MESSAGE-INTEGRITY is not covered by it and must be
// ignored but for FINGERPRINT and the longer integrity (RFC 8489 section 14.5).
func (m stunMsg) get(typ uint16) (value []byte, ok bool) {
	covered := true
	for rest := m.raw[stunHeader:]; len(rest) > 0; {
		t, n := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if t == typ && (covered || t == attrIntegritySHA256 || t == attrFingerprint) {
			return rest[4 : 4+n], true
		}
		covered = covered && t != attrIntegrity && t != attrIntegritySHA256
		rest = rest[4+(n+3)&^3:]
	}
	return nil, false
}

func (m stunMsg) has(typ uint16) bool {
	_, ok := m.get(typ)
	return ok
}
