package turnserver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/beckon-rtc/beckon/internal/pionlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what would otherwise hang a failing test; no passing test waits for it.
const patience = 10 * time.Second

var testSecret = []byte("test secret")

// testConfig is that of a development server on loopback with real relay ports.
func testConfig() Config {
	return Config{UDP: []string{"127.0.0.1:0"}, TCP: []string{"127.0.0.1:0"}, Secret: testSecret, AllowLocal: true,
		Ports: PortRange{49152, 65535}, Payload: PayloadAny}
}

// listen starts the server of testConfig, changed by the given functions, and closes it with the test.
func listen(t *testing.T, change ...func(*Config)) *Server {
	t.Helper()
	cfg := testConfig()
	for _, f := range change {
		f(&cfg)
	}
	s, err := Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func noLocal(c *Config) { c.AllowLocal = false }

// virtual is how a server runs that nobody has told otherwise.
func virtual(c *Config) { c.Ports, c.AllowLocal = PortRange{}, false }

// at has it listen on another address.
func at(addr string) func(*Config) {
	return func(c *Config) { c.UDP, c.TCP = []string{addr}, []string{addr} }
}

// bothModes runs a test with real ports, and with virtual ones.
func bothModes(t *testing.T, test func(t *testing.T, mode func(*Config))) {
	t.Parallel()
	t.Run("real", func(t *testing.T) { t.Parallel(); test(t, func(*Config) {}) })
	t.Run("virtual", func(t *testing.T) { t.Parallel(); test(t, virtual) })
}

// UDPAddr and TCPAddr are those of the first listener.
func (s *Server) UDPAddr() netip.AddrPort { return s.UDPAddrs()[0] }
func (s *Server) TCPAddr() netip.AddrPort { return s.TCPAddrs()[0] }

// dial connects to a server over "udp" or "tcp", as a stream of whole messages either way.
func dial(t *testing.T, s *Server, network string) net.Conn {
	t.Helper()
	addr := s.UDPAddr()
	if network == "tcp" {
		addr = s.TCPAddr()
	}
	return dialAt(t, network, addr)
}

func dialAt(t *testing.T, network string, addr netip.AddrPort) net.Conn {
	t.Helper()
	c, err := net.Dial(network, addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// wire is a TURN client that shows every answer and sends whatever it is told.
type wire struct {
	t                     *testing.T
	conn                  net.Conn
	username, pass, realm string
	nonce                 stun.Nonce
}

func newWire(t *testing.T, s *Server, network string) *wire {
	t.Helper()
	return wireOn(t, s, dial(t, s, network))
}

func newWireAt(t *testing.T, s *Server, network string, addr netip.AddrPort) *wire {
	t.Helper()
	return wireOn(t, s, dialAt(t, network, addr))
}

func wireOn(t *testing.T, s *Server, conn net.Conn) *wire {
	user, pass := s.Credentials("alice", time.Hour)
	return &wire{t: t, conn: conn, username: user, pass: pass, realm: "beckon"}
}

func (w *wire) send(m *stun.Message) {
	w.t.Helper()
	if _, err := w.conn.Write(m.Raw); err != nil {
		w.t.Fatal(err)
	}
}

// recv returns the next STUN message, over a stream reading no byte too many.
func (w *wire) recv() *stun.Message {
	w.t.Helper()
	buf := make([]byte, 2048)
	var n int
	var err error
	if w.conn.LocalAddr().Network() == "udp" {
		n, err = w.conn.Read(buf)
	} else if _, err = io.ReadFull(w.conn, buf[:20]); err == nil {
		n = 20 + int(buf[2])<<8 + int(buf[3])
		_, err = io.ReadFull(w.conn, buf[20:n])
	}
	if err != nil {
		w.t.Fatalf("no answer: %v", err)
	}
	m := &stun.Message{Raw: buf[:n]}
	if err := m.Decode(); err != nil {
		w.t.Fatal(err)
	}
	return m
}

// request sends an authenticated request and returns the code of the answer, 0 for success, and the answer.
func (w *wire) request(method stun.Method, attrs ...stun.Setter) (stun.ErrorCode, *stun.Message) {
	w.t.Helper()
	for {
		set := []stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}
		set = append(set, attrs...)
		if w.nonce != nil {
			set = append(set, stun.NewUsername(w.username), stun.NewRealm(w.realm), w.nonce,
				stun.NewLongTermIntegrity(w.username, w.realm, w.pass))
		}
		w.send(stun.MustBuild(set...))
		m := w.recv()
		var code stun.ErrorCodeAttribute
		if m.Type.Class == stun.ClassErrorResponse {
			if err := code.GetFrom(m); err != nil {
				w.t.Fatal(err)
			}
		}
		if code.Code == stun.CodeUnauthorized && w.nonce == nil {
			if err := w.nonce.GetFrom(m); err != nil {
				w.t.Fatal(err)
			}
			w.nonce = slices.Clone(w.nonce)
			continue
		}
		return code.Code, m
	}
}

func transport(proto byte) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{proto, 0, 0, 0}}
}

const protoTCP, protoUDP = 6, 17

// peerAddress is XOR-PEER-ADDRESS exactly as given: an IPv4 address in 16 bytes stays that. Pion's own writer would make four of them.
type peerAddress netip.AddrPort

func (p peerAddress) AddTo(m *stun.Message) error {
	ap := netip.AddrPort(p)
	family, addr := byte(1), ap.Addr().AsSlice()
	if !ap.Addr().Is4() {
		family = 2
	}
	mask := append(binary.BigEndian.AppendUint32(nil, magicCookie), m.TransactionID[:]...)
	for i := range addr {
		addr[i] ^= mask[i]
	}
	v := binary.BigEndian.AppendUint16([]byte{0, family}, ap.Port()^magicCookie>>16)
	m.Add(stun.AttrXORPeerAddress, append(v, addr...))
	return nil
}

func peerAt(s string) peerAddress { return peerAddress(netip.MustParseAddrPort(s)) }

// allocate opens a relay and returns its address.
func (w *wire) allocate() netip.AddrPort {
	w.t.Helper()
	code, m := w.request(stun.MethodAllocate, transport(protoUDP))
	var a stun.XORMappedAddress
	if code != 0 || a.GetFromAs(m, stun.AttrXORRelayedAddress) != nil {
		w.t.Fatalf("allocate: %d %v", code, m)
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
}

// say sends data to a peer in a Send indication.
func (w *wire) say(to netip.AddrPort, data string) {
	w.t.Helper()
	w.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication),
		peerAddress(to), stun.RawAttribute{Type: stun.AttrData, Value: []byte(data)}))
}

// heard returns the data of the next Data indication.
func (w *wire) heard() string {
	w.t.Helper()
	m := w.recv()
	data, err := m.Get(stun.AttrData)
	if err != nil || m.Type != stun.NewType(stun.MethodData, stun.ClassIndication) {
		w.t.Fatalf("not data: %v", m)
	}
	return string(data)
}

// binding is a request that needs no credentials. One connection's messages are handled in order, so its answer also
// says that all before it have been handled.
func (w *wire) binding() netip.AddrPort {
	w.t.Helper()
	w.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest))
	var a stun.XORMappedAddress
	if err := a.GetFrom(w.recv()); err != nil {
		w.t.Fatal(err)
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
}

// openRelay opens a relay as Pion does for an allocation, and ends it with the test as Pion would.
func openRelay(t testing.TB, s *Server, user string) *relay {
	t.Helper()
	e := &entry{srv: s, transport: overUDP, clients: map[netip.AddrPort]*relay{}}
	conn, _, err := e.AllocatePacketConn(allocateFor(user))
	if err != nil {
		t.Fatal(err)
	}
	r := conn.(*relay)
	t.Cleanup(func() {
		_ = r.Close()
		_, _, _ = r.ReadFrom(nil)
		s.relays.wg.Done()
	})
	return r
}

// permit gives two relays permissions for each other.
func permit(a, b *relay) {
	a.permissions.put(b.at.Addr(), true)
	b.permissions.put(a.at.Addr(), true)
}

// relayed is Pion's client with an allocation, as the Go peer and its ICE agent use it.
func relayed(t *testing.T, s *Server, network string) net.PacketConn {
	t.Helper()
	c, err := pionClient(t, s, network)
	if err != nil {
		t.Fatalf("allocate over %s: %v", network, err)
	}
	return c
}

func pionClient(t *testing.T, s *Server, network string) (net.PacketConn, error) {
	t.Helper()
	var base net.PacketConn
	server := s.UDPAddr()
	if network == "tcp" {
		server = s.TCPAddr()
		base = turn.NewSTUNConn(dial(t, s, "tcp"))
	} else {
		pc, err := net.ListenPacket("udp", netip.AddrPortFrom(server.Addr(), 0).String())
		if err != nil {
			t.Fatal(err)
		}
		base = pc
	}
	user, pass := s.Credentials("bob", time.Hour)
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: server.String(), TURNServerAddr: server.String(), Conn: base,
		Username: user, Password: pass, LoggerFactory: pionlog.New(zerolog.Logger{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); _ = base.Close() })
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relay, err := c.Allocate()
	if err == nil {
		_ = relay.SetReadDeadline(time.Now().Add(patience))
		t.Cleanup(func() { _ = relay.Close() })
	}
	return relay, err
}

// hostAddr is an address of this machine that is not loopback, as a server on a network has.
func hostAddr(t *testing.T) netip.Addr {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, _ := netip.AddrFromSlice(n.IP); ip.Unmap().Is4() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
				return ip.Unmap()
			}
		}
	}
	lacking.Skip(t, "this machine has no IPv4 address besides loopback: connect it to a network, or give it one, on Linux as root with `ip link add dummy0 type dummy; ip addr add 192.0.2.1/24 dev dummy0`")
	return netip.Addr{}
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never: " + what)
		case <-time.After(time.Millisecond):
		}
	}
}

// ended says that the other side has closed the connection, and had nothing more to say.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	var timeout net.Error
	if n, err := c.Read(make([]byte, 64)); n > 0 || err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("the server did not close the connection: %d bytes, %v", n, err)
	}
}

// via is a UDP socket that others use too, to talk to one address.
type via struct {
	*net.UDPConn
	to netip.AddrPort
}

func (v via) Write(p []byte) (int, error) { return v.WriteToUDPAddrPort(p, v.to) }
