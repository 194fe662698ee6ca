package turnserver

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// refusalsDoc is the table of what is refused and how, for people. The test compares it with what it has seen.
const refusalsDoc = "REFUSALS.md"

var updateRefusals = flag.Bool("refusals.update", false, "write "+refusalsDoc+" anew")

// leastRefusals is how many cases there must be.
const leastRefusals = 60

// The two kinds of relays.
const (
	bySocket = iota // Ports is a range: every relay has a socket
	inMemory        // every relay is a port in memory
	modes
)

// refusedCase is something that somebody could send to do harm, or by mistake, and what must come of it.
type refusedCase struct {
	name string
	// want is the outcome with sockets and with virtual relay ports: the code of the error response, or what run says. "" where the input
	// does not exist.
	want [modes]string
	// counter is the name in Stats of what counts it, with sockets and with virtual ports; "" is what countedBy says.
	counter [modes]string
	config  func(*Config) // what the server of the case has besides the usual
	run     func(r *rig) string
	raw     []byte // what is thrown, where it is no more than that: the fuzzer begins with these
}

type refusedGroup struct {
	title, says string
	list        []refusedCase
}

// rig is a server of its own for one case, and a client of it, alice, that has no allocation yet.
type rig struct {
	*wire
	s    *Server
	mode int
}

// The relay addresses of the usual server. In memory any address will do; with sockets they must be this machine's.
var virtualAddresses = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}

func newRig(t *testing.T, mode int, change func(*Config)) *rig {
	t.Helper()
	s := listen(t, func(c *Config) {
		c.AllowLocal, c.Payload = false, PayloadData
		c.Users = map[string]string{"carol": "a password"}
		c.Ports, c.RelayAddresses = PortRange{49152, 65535}, []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		if hasIPv6() {
			c.RelayAddresses = append(c.RelayAddresses, netip.IPv6Loopback())
		}
		if mode == inMemory {
			c.Ports, c.RelayAddresses = PortRange{}, virtualAddresses
		}
		if change != nil {
			change(c)
		}
	})
	return &rig{wire: newWire(t, s, "udp"), s: s, mode: mode}
}

// TestRefusals sends what must be refused, byte by byte, to a server of its own for each case, with both kinds of relays. Each ends as the
// table says, and is counted.
func TestRefusals(t *testing.T) {
	t.Parallel()
	all := allRefusals()
	cases := 0
	for _, group := range all {
		for _, c := range group.list {
			cases++
			for mode := range modes {
				if c.want[mode] == "" {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s", group.title, c.name, [...]string{"sockets", "virtual"}[mode]), func(t *testing.T) {
					t.Parallel()
					c.try(t, mode)
				})
			}
		}
	}
	if cases < leastRefusals {
		t.Errorf("%d cases, want at least %d", cases, leastRefusals)
	}
	comparePage(t, refusalsTable(all, cases))
}

// try runs the case. A server that is asked no more afterwards has counted everything, but for what another goroutine is about to count.
func (c refusedCase) try(t *testing.T, mode int) {
	r := newRig(t, mode, c.config)
	if got := c.run(r); got != c.want[mode] {
		t.Fatalf("%s, want %s; counted %v", got, c.want[mode], flatten(r.s.Stats()))
	}
	if name := c.countedBy(mode); name != "" {
		eventually(t, name+" counts it", func() bool { return flatten(r.s.Stats())[name] > 0 })
	}
}

// countedBy is the counter that must move. Every error is counted by its code, besides what may count its reason. "" is none.
func (c refusedCase) countedBy(mode int) string {
	if c.counter[mode] != "" {
		return c.counter[mode]
	}
	for part := range strings.SplitSeq(c.want[mode], ", ") {
		if code, err := strconv.Atoi(part); err == nil {
			return fmt.Sprintf("Errors.%d", code)
		}
	}
	return ""
}

// flatten names every number of a snapshot like `PeersDenied.private`.
func flatten(stats Stats) map[string]uint64 {
	flat := map[string]uint64{}
	var walk func(name string, v reflect.Value)
	walk = func(name string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(strings.TrimPrefix(name+"."+v.Type().Field(i).Name, "."), v.Field(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				walk(name+"."+key.String(), v.MapIndex(key))
			}
		case reflect.Uint64:
			flat[name] = v.Uint()
		case reflect.Int, reflect.Int64:
			flat[name] = uint64(v.Int())
		}
	}
	walk("", reflect.ValueOf(stats))
	return flat
}

// both is what is the same with both kinds of relays.
func both(s string) [modes]string { return [modes]string{s, s} }

// onlySockets and onlyVirtual are for what only one kind has.
func onlySockets(s string) [modes]string { return [modes]string{bySocket: s} }
func onlyVirtual(s string) [modes]string { return [modes]string{inMemory: s} }

// Outcomes that are no code.
const (
	wasSuccess = "success"
	wasSilence = "silence"
	wasDropped = "dropped"
	wasClosed  = "closed"
)

func codeText(code stun.ErrorCode) string {
	if code == 0 {
		return wasSuccess
	}
	return strconv.Itoa(int(code))
}

// ask sends a request with the client's credentials and says how it is answered.
func (r *rig) ask(method stun.Method, attrs ...stun.Setter) string {
	r.t.Helper()
	code, _ := r.request(method, attrs...)
	return codeText(code)
}

// throw sends bytes as they are, and says how they are answered. One client's messages are handled in order: so when the answer to a
// Binding request behind them comes first, there was none.
func (r *rig) throw(raw []byte) string {
	r.t.Helper()
	if _, err := r.conn.Write(raw); err != nil {
		r.t.Fatal(err)
	}
	probe := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	r.send(probe)
	m := r.recv()
	if m.TransactionID == probe.TransactionID {
		return wasSilence
	}
	if got := r.recv(); got.TransactionID != probe.TransactionID {
		r.t.Fatalf("two answers: %v and %v", m, got)
	}
	if m.Type.Class == stun.ClassErrorResponse {
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(m); err != nil {
			r.t.Fatal(err)
		}
		return codeText(code.Code)
	}
	return wasSuccess
}

// signedBy builds a request that is authenticated by these words instead of the client's own. An empty nonce, realm or username is left out.
func signedBy(method stun.Method, username, realm, pass, nonce string, attrs ...stun.Setter) *stun.Message {
	set := []stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}
	set = append(set, attrs...)
	for _, a := range []struct {
		text string
		set  stun.Setter
	}{{username, stun.NewUsername(username)}, {realm, stun.NewRealm(realm)}, {nonce, stun.NewNonce(nonce)}} {
		if a.text != "" {
			set = append(set, a.set)
		}
	}
	return stun.MustBuild(append(set, stun.NewLongTermIntegrity(username, realm, pass))...)
}

// challenge is the nonce that the server gives to a first request.
func (r *rig) challenge() string {
	r.t.Helper()
	r.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), transport(protoUDP)))
	var nonce stun.Nonce
	if err := nonce.GetFrom(r.recv()); err != nil {
		r.t.Fatal(err)
	}
	return string(nonce)
}

// refusalsTable is the page for people.
func refusalsTable(all []refusedGroup, cases int) string {
	var page strings.Builder
	fmt.Fprintf(&page, "# What the relay refuses\n\n"+`%d things that somebody could send to this server to do harm, or by mistake, and what comes of each, as the test `+"`TestRefusals`"+`
does it over the wire with messages of its own making. A number is the code of the error response (RFC 8656 section 18, RFC 8489 section 14.8);
silence: nothing is answered, and the server goes on; dropped: a datagram does not cross the relay; closed: the connection is; –: there is no such input, or nothing that counts it.
Relays are of two kinds: with a socket each (`+"`--relay-ports`"+`), or in memory, where only other relays of the same server can be reached. The counter is
that of `+"`Stats`"+` which moves; where there are two, the second is for relays in memory.

The page is written by `+"`go test ./turnserver -run '^TestRefusals$' -args -refusals.update`"+`.
`, cases)
	for _, group := range all {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n| what is sent | with sockets | in memory | counter |\n|---|---|---|---|\n", group.title, group.says)
		for _, c := range group.list {
			dash := func(s string) string {
				if s == "" {
					return "–"
				}
				return s
			}
			counter := c.countedBy(bySocket)
			switch other := c.countedBy(inMemory); {
			case counter == "":
				counter = other
			case other != "" && other != counter:
				counter += ", " + other
			}
			fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", strings.ReplaceAll(c.name, "|", `\|`), dash(c.want[bySocket]), dash(c.want[inMemory]), dash(counter))
		}
	}
	return page.String() + "\n" + amplificationSection()
}

// comparePage holds the page for people to the tables, or writes it.
func comparePage(t *testing.T, page string) {
	t.Helper()
	if *updateRefusals {
		if err := os.WriteFile(refusalsDoc, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(refusalsDoc)
	if err != nil || !bytes.Equal(written, []byte(page)) {
		t.Errorf("%s is not the table of this test (%v): go test ./turnserver -run '^TestRefusals$' -args -refusals.update", refusalsDoc, err)
	}
}

// allRefusals are the groups, in the order of the page.
func allRefusals() []refusedGroup {
	return []refusedGroup{
		refusedPeers4(), refusedPeers6(), refusedPorts(), refusedCredentials(), refusedAllocations(), refusedSessions(), refusedChannels(),
		refusedMessages(), refusedStreams(), refusedPayloads(), refusedLimits(),
	}
}
