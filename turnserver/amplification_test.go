package turnserver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// Amplification: over UDP nobody knows whether a source is where a request came from, so that who answers with more than was sent is a
// weapon against others. These bounds are of whole answers by whole requests, as payloads of UDP; with the 28 bytes of headers that each
// packet has besides over IPv4, the worst of them is under 2.
const (
	mostAmplified = 4.0 // the bare Allocate of 20 bytes, which no client sends
	mostOnWire    = 2.0 // with the headers
	ipv4UDP       = 28
)

// stranger is a message of somebody who has no credentials.
type stranger struct {
	name   string
	raw    func(nonce string) []byte
	answer int // bytes of the answer; 0 for none
}

func strangersMessages() []stranger {
	of := func(method stun.Method, attrs ...stun.Setter) func(string) []byte {
		return func(string) []byte {
			return stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attrs...)...).Raw
		}
	}
	udp, peer, zero := transport(protoUDP), peerAt("203.0.113.1:5000"), attribute(stun.AttrData, make([]byte, 1000)...)
	unproved := func(nonce func(string) string) func(string) []byte {
		return func(fresh string) []byte {
			return signedBy(stun.MethodAllocate, "1:alice", "beckon", "guess", nonce(fresh), udp).Raw
		}
	}
	return []stranger{
		{"Binding", of(stun.MethodBinding), 40},
		{"Binding with FINGERPRINT", of(stun.MethodBinding, stun.Fingerprint), 40},
		{"Binding with an unknown attribute", of(stun.MethodBinding, attribute(0x7abc)), 56},
		{"Binding with 100 unknown attributes", of(stun.MethodBinding, slices.Repeat([]stun.Setter{attribute(0x7abc)}, 100)...), 252},
		{"Allocate of nothing", of(stun.MethodAllocate), 68},
		{"Allocate", of(stun.MethodAllocate, udp), 68},
		{"Allocate with FINGERPRINT", of(stun.MethodAllocate, udp, stun.Fingerprint), 68},
		{"Allocate with a wrong password", unproved(func(fresh string) string { return fresh }), 80},
		{"Allocate with a nonce of its own", unproved(func(string) string { return "a nonce of its own" }), 68},
		{"Allocate without a nonce", unproved(func(string) string { return "" }), 28},
		{"Refresh", of(stun.MethodRefresh), 68},
		{"CreatePermission", of(stun.MethodCreatePermission, peer), 68},
		{"ChannelBind", of(stun.MethodChannelBind, numbered(0x4000), peer), 68},
		{"Connect (RFC 6062)", of(stun.MethodConnect, peer), 68},
		{"ConnectionBind (RFC 6062)", of(stun.MethodConnectionBind), 68},
		{"a request of an unknown method", of(0x0ff), 0},
		{"a Send indication", func(string) []byte {
			return stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer, zero).Raw
		}, 0},
		{"ChannelData", func(string) []byte { return rawChannelData(0x4000, 100, strings.Repeat("x", 100)) }, 0},
		{"an error response", func(string) []byte {
			return stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassErrorResponse), stun.CodeUnauthorized).Raw
		}, 0},
		{"one byte", func(string) []byte { return []byte{0} }, 0},
		{"anything else", func(string) []byte { return []byte("GET / HTTP/1.1\r\n\r\n") }, 0},
	}
}

// TestAmplification measures what each message of a stranger is answered with, and holds it to the bounds and to the page.
func TestAmplification(t *testing.T) {
	t.Parallel()
	s := listen(t)
	t.Logf("what strangers are answered:\n%s", amplificationTable())
	for _, m := range strangersMessages() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := &rig{wire: newWire(t, s, "udp"), s: s}
			raw := m.raw(r.challenge())
			got := r.answered(raw)
			if got != m.answer {
				t.Errorf("%d bytes are answered with %d, and %d in the table", len(raw), got, m.answer)
			}
			if factor := float64(got) / float64(len(raw)); factor > mostAmplified {
				t.Errorf("%d bytes for %d: a factor of %.1f, and at most %.1f is allowed", got, len(raw), factor, mostAmplified)
			}
			if got == 0 {
				return
			}
			if factor := float64(got+ipv4UDP) / float64(len(raw)+ipv4UDP); factor > mostOnWire {
				t.Errorf("with headers, a factor of %.1f, and at most %.1f is allowed", factor, mostOnWire)
			}
		})
	}
}

// answered sends a message and returns how many bytes come back for it.
func (r *rig) answered(raw []byte) int {
	r.t.Helper()
	if _, err := r.conn.Write(raw); err != nil {
		r.t.Fatal(err)
	}
	probe := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	r.send(probe)
	total := 0
	for {
		m := r.recv()
		if m.TransactionID == probe.TransactionID {
			return total
		}
		total += len(m.Raw)
	}
}

// TestStrangersAreLimited floods the server with what is answered best. The answers are what the limit gives, however many are asked for;
// and somebody who knows a password is served all the while.
func TestStrangersAreLimited(t *testing.T) {
	t.Parallel()
	const perSecond, flood = 1, 3000
	s := listen(t, func(c *Config) { c.Limits.Unauthenticated = perSecond })
	alice := newWire(t, s, "udp")
	alice.allocate() // its own first answer is one of those
	c := dial(t, s, "udp")
	raw := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw
	start := time.Now()
	var asked, answers, bytes int
	for range flood / 100 {
		for range 100 {
			if _, err := c.Write(raw); err != nil {
				t.Fatal(err)
			}
			asked += len(raw)
		}
		if code, _ := alice.request(stun.MethodRefresh); code != 0 { // handled behind them, so that nothing is lost in a buffer
			t.Fatalf("who has an allocation is answered %d", code)
		}
	}
	allowed := perSecond * (strangersBurst + 1 + int(time.Since(start)/time.Second))
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // everything has been answered that will be
	for buf := make([]byte, 2048); ; answers++ {
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		bytes += n
	}
	t.Logf("%d requests, %d bytes, were answered with %d, %d bytes: a factor of %.3f", flood, asked, answers, bytes, float64(bytes)/float64(asked))
	if answers == 0 || answers > allowed || bytes >= asked {
		t.Errorf("%d answers, %d bytes for %d; at most %d are allowed", answers, bytes, asked, allowed)
	}
	eventually(t, "those without an answer are counted", func() bool {
		return flatten(s.Stats())["Dropped.stranger"] == uint64(flood-answers)
	})
}

// amplificationTable is that of the page.
func amplificationTable() string {
	var table strings.Builder
	table.WriteString("| a stranger's message | bytes | answer | factor | on the wire |\n|---|---|---|---|---|\n")
	for _, m := range strangersMessages() {
		size := len(m.raw(strings.Repeat("n", 25)))
		wire := "0"
		if m.answer > 0 {
			wire = fmt.Sprintf("%.1f", float64(m.answer+ipv4UDP)/float64(size+ipv4UDP))
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %.1f | %s |\n", m.name, size, m.answer, float64(m.answer)/float64(size), wire)
	}
	return table.String()
}

// amplificationSection is the end of the page.
func amplificationSection() string {
	return fmt.Sprintf(`## Amplification

What is answered to somebody without credentials, over UDP, where the source of a request may be a lie. The bytes are those of UDP's payload, and on
the wire the %d bytes of the headers of IPv4 and UDP count as well, on both sides. `+"`TestAmplification`"+` measures it, and allows a factor of %.0f, and of %.0f on the
wire. Whatever the factor, one source (an address, of IPv6 a /64) is answered at most `+"`Limits.Unauthenticated`"+` times a second; `+"`TestStrangersAreLimited`"+`
floods a server, which answers with less than it was sent.

%s`, ipv4UDP, mostAmplified, mostOnWire, amplificationTable())
}
