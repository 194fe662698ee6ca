package turnserver

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// The sample messages of RFC 5769. The attributes of each line are one of the message's.
const (
	// Section 2.1: a Binding request, signed with a short-term password. The username is padded with spaces.
	sampleRequest = `000100582112a442 b7e7a701bc34d686fa87dfae
		80220010 5354554e207465737420636c69656e74
		00240004 6e0001ff
		80290008 932ff9b151263b36
		00060009 6576746a3a68367659202020
		00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
		80280004 e57a3bcf`
	// Section 2.2: the response, for an IPv4 address.
	sampleResponse4 = `0101003c2112a442 b7e7a701bc34d686fa87dfae
		8022000b 7465737420766563746f7220
		00200008 0001a147e112a643
		00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
		80280004 c07d4c96`
	// Section 2.3: the response, for an IPv6 address.
	sampleResponse6 = `010100482112a442 b7e7a701bc34d686fa87dfae
		8022000b 7465737420766563746f7220
		00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
		00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
		80280004 c8fb0b4c`
	// Section 2.4: a Binding request with long-term credentials.
	sampleLongTerm = `000100602112a442 78ad3433c6ad72c029da412e
		00060012 e3839ee38388e383aae38383e382afe382b90000
		0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341
		0014000b 6578616d706c652e6f726700
		00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666`

	samplePassword = "VOkJxbRl1RmTxUk/WvJxBt" // of 2.1 to 2.3
	sampleUser     = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9"
	sampleSecret   = "TheMatrIX" // of 2.4, as it is after SASLprep
)

func sample(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Our reader takes the sample messages for what they are, finds what is in them, and believes them for as long as nobody has
// touched them.
func TestRFC5769(t *testing.T) {
	t.Parallel()
	const software, mapped, priority, controlled = 0x8022, 0x0020, 0x0024, 0x8029
	for name, c := range map[string]struct {
		message string
		class   stunClass
		key     string
		texts   map[uint16]string
		address string
	}{
		"2.1, request": {sampleRequest, classRequest, samplePassword, map[uint16]string{software: "STUN test client",
			priority: "\x6e\x00\x01\xff", controlled: "\x93\x2f\xf9\xb1\x51\x26\x3b\x36", attrUsername: "evtj:h6vY"}, ""},
		"2.2, IPv4 response": {sampleResponse4, classSuccess, samplePassword, map[uint16]string{software: "test vector"}, "192.0.2.1:32853"},
		"2.3, IPv6 response": {sampleResponse6, classSuccess, samplePassword, map[uint16]string{software: "test vector"},
			"[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := sample(t, c.message)
			m, ok := parseSTUN(raw)
			if !ok || m.method() != methodBinding || m.class() != c.class || !m.fingerprinted() || !m.signedBy([]byte(c.key)) {
				t.Fatalf("read: %v, method %#x, class %#x, fingerprint %v, integrity %v", ok, m.method(), m.class(), m.fingerprinted(), m.signedBy([]byte(c.key)))
			}
			for typ, want := range c.texts {
				if got := m.text(typ); got != want {
					t.Errorf("attribute %#04x is %q, want %q", typ, got, want)
				}
			}
			if v, ok := m.get(mapped); ok || c.address != "" {
				if got, ok := m.xorAddress(v); !ok || got != netip.MustParseAddrPort(c.address) {
					t.Errorf("address %v (%v), want %s", got, ok, c.address)
				}
			}
			if m.signedBy([]byte(c.key + "x")) {
				t.Error("any password will do")
			}
			touched(t, raw, func(m stunMsg) bool {
				return m.has(attrFingerprint) && m.fingerprinted() && m.signedBy([]byte(c.key)) // without the first, the second is vacuous
			})
		})
	}
}

// The long-term sample opens nothing, for it is no Allocate; but the authenticator knows whose it is, by the key that it derives for a
// user of its own.
func TestRFC5769LongTerm(t *testing.T) {
	t.Parallel()
	raw := sample(t, sampleLongTerm)
	auth := newAuthenticator(Config{Realm: "example.org", Users: map[string]string{sampleUser: sampleSecret}}, &revocations{}, time.Now)
	m, ok := parseSTUN(raw)
	if !ok || m.text(attrNonce) != "f//499k954d6OL34oL9FSTvy64sA" {
		t.Fatalf("read: %v, nonce %q", ok, m.text(attrNonce))
	}
	if user, _, why := auth.check(m, false); why != authFine || user != sampleUser {
		t.Errorf("user %q: %v", user, why)
	}
	touched(t, raw, func(m stunMsg) bool { _, _, why := auth.check(m, false); return why == authFine })
	for name, c := range map[string]Config{
		"another password": {Realm: "example.org", Users: map[string]string{sampleUser: sampleSecret + "x"}},
		"another user":     {Realm: "example.org", Users: map[string]string{"x": sampleSecret}},
		"another realm":    {Realm: "example.net", Users: map[string]string{sampleUser: sampleSecret}},
	} {
		if _, _, why := newAuthenticator(c, &revocations{}, time.Now).check(m, false); why == authFine {
			t.Errorf("%s will do", name)
		}
	}
}

// touched changes each bit of a message, one at a time: none of what results may be believed. MESSAGE-INTEGRITY does not cover what
// follows it, but FINGERPRINT does; and the padding of an attribute is covered like its value.
func touched(t *testing.T, raw []byte, believed func(stunMsg) bool) {
	t.Helper()
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if m, ok := parseSTUN(raw); ok && believed(m) {
				t.Errorf("still believed with bit %d of byte %d changed", bit, i)
			}
			raw[i] ^= 1 << bit
		}
	}
}
