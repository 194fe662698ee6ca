package turnserver

import "strconv"

// A relay that carries any datagram is a way into whatever answers UDP: DNS, NTP, SNMP, metadata services, a tunnel for
// anything. WebRTC needs very little of that, and one byte tells what (RFC 7983 section 7):
//
//	0-3      STUN      the checks of ICE, which must be whole and of the methods that ICE uses
//	20-63    DTLS      data channels ride in it
//	128-191  media     SRTP and SRTCP
//
// The byte alone is no proof, for NTP and SNMP begin like DTLS. So DTLS and media are carried only to and from a peer
// that has passed a check (gate.go): what is no ICE agent never does.

// Payload says what relays carry.
type Payload int

const (
	// PayloadData carries what data channels need: STUN, and DTLS with peers that have passed a check.
	PayloadData Payload = iota
	// PayloadMedia carries SRTP and SRTCP as well, under the same condition as DTLS.
	PayloadMedia
	// PayloadAny carries every datagram: a TURN server as others are, for clients that relay something else than WebRTC.
	PayloadAny
)

func (p Payload) String() string {
	switch p {
	case PayloadData:
		return "data"
	case PayloadMedia:
		return "media"
	case PayloadAny:
		return "any"
	}
	return "Payload(" + strconv.Itoa(int(p)) + ")"
}

// ParsePayload reads "data", "media" or "any". The error is a *ConfigError.
func ParsePayload(s string) (Payload, error) {
	for p := PayloadData; p <= PayloadAny; p++ {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, &ConfigError{"payload", strconv.Quote(s) + " is not known", "choose data, media or any"}
}

// verdict says whether a datagram may cross a relay. The zero value is yes; the others are why not.
type verdict uint8

const (
	carried       verdict = iota
	malformedSTUN         // begins like STUN, and is not
	methodSTUN            // STUN that is no check: a relay of a relay, for example
	uncheckedPeer         // DTLS, or media, before the peer has passed a check
	mediaOff              // SRTP or SRTCP, which only PayloadMedia carries
	foreign               // nothing that WebRTC sends; an empty datagram, too
	verdicts              // how many there are
)

func (v verdict) String() string {
	return [...]string{"carried", "malformed-stun", "stun-method", "unchecked-peer", "media", "foreign"}[v]
}

// packetKind is what a datagram is by its first byte.
type packetKind uint8

const (
	kindForeign packetKind = iota
	kindSTUN
	kindDTLS
	kindMedia
)

// classify costs two comparisons for what is most frequent.
func classify(p []byte) packetKind {
	if len(p) == 0 {
		return kindForeign
	}
	switch b := p[0]; {
	case b-20 < 44: // 20-63: below 20 the unsigned byte wraps around
		return kindDTLS
	case b-128 < 64:
		return kindMedia
	case b < 4:
		return kindSTUN
	}
	return kindForeign
}
