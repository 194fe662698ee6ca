package turnserver

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// Four bytes that anyone can send make a stock pion/turn v5.1.0 spin for ever: the length overflows its uint16. There
// the connection stays open and this test fails at its read deadline; here the stream ends at once.
func TestBytesThatSpinPion(t *testing.T) {
	t.Parallel()
	s := listen(t)
	for _, attack := range []string{
		"\x40\x00\xff\xfc" + "aaaaaaaa",
		"\x00\x01\xff\xec\x21\x12\xa4\x42" + strings.Repeat("a", 12),
		// The same bytes inside a frame that Pion's parser takes for a longer one.
		"\x40\x00\x00\x08\x21\x12\xa4\x42aaaa" + strings.Repeat("\x40\x00\x00\x0cbbbbbbbbbbbb\x40\x00\xff\xfccccc", 2),
	} {
		before := s.Stats().BadStreams
		c := dial(t, s, "tcp")
		if _, err := io.WriteString(c, attack); err != nil {
			t.Fatal(err)
		}
		ended(t, c)
		eventually(t, "the connection is gone", func() bool { return s.Stats().TCPConns == 0 })
		if n := s.Stats().BadStreams; n != before+1 {
			t.Errorf("%x: counted %d", attack, n)
		}
	}
	newWire(t, s, "tcp").binding()
	exchange(t, relayed(t, s, "tcp"), relayed(t, s, "udp"))
}

// What the framing above keeps out. When Pion is fixed this test fails, and the framing may be looked at again.
func TestPionStillSpins(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string]string{
		"overflow": "\x40\x00\xff\xfcaaaaaaaa",
		"smuggled": "\x40\x00\x00\x08\x21\x12\xa4\x42aaaa" + "\x40\x00\x00\x18bbbbbbbbbbbb\x40\x00\xff\xfccccccccc",
	} {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.WriteString(theirs, stream); _ = theirs.Close() }()
		c := turn.NewSTUNConn(ours)
		zeros := 0
		for range 8 { // a server asks for ever
			n, _, err := c.ReadFrom(make([]byte, 1600))
			if err != nil {
				break
			}
			if n == 0 {
				zeros++
			}
		}
		if zeros < 4 {
			t.Errorf("%s: Pion read nothing only %d times", name, zeros)
		}
		_ = ours.Close()
	}
}

// Pion's stream parser waits for nine bytes, so it would hold each of these back until the next one.
func TestSmallChannelDataOverTCP(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w, peer := newWire(t, s, "tcp"), newWire(t, s, "udp")
	at, pt := w.allocate(), peer.allocate()
	channel := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 0, 0, 0}}
	if code, _ := w.request(stun.MethodChannelBind, channel, peerAddress(pt)); code != 0 {
		t.Fatal(code)
	}
	peer.request(stun.MethodCreatePermission, peerAddress(at))
	for _, data := range []string{"1", "12", "123", "1234", "12345", ""} {
		if _, err := w.conn.Write(channelData(0x4000, data)); err != nil {
			t.Fatal(err)
		}
		if got := peer.heard(); got != data {
			t.Fatalf("heard %q, want %q", got, data)
		}
		peer.say(at, data)
		got := make([]byte, len(channelData(0x4000, data)))
		if _, err := io.ReadFull(w.conn, got); err != nil || !bytes.Equal(got, channelData(0x4000, data)) {
			t.Fatalf("got % x, %v", got, err)
		}
	}
}

func TestBinding(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", ":0"} {
		s := listen(t, at(addr), func(c *Config) { c.RelayAddresses = addrs("127.0.0.1") })
		for _, network := range []string{"udp", "tcp"} {
			port := s.UDPAddr().Port()
			if network == "tcp" {
				port = s.TCPAddr().Port()
			}
			c, err := net.Dial(network, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String())
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			w := &wire{t: t, conn: c}
			if got, want := w.binding(), c.LocalAddr().String(); got.String() != want {
				t.Errorf("%s over %s: seen as %s, am %s", addr, network, got, want)
			}
			_ = c.Close()
		}
	}
}

// Who opens connections and does nothing with them keeps nobody out: the oldest without an allocation makes room.
func TestTooManyTCPConnections(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Limits.TCPConns = 2 })
	first, second := newWire(t, s, "tcp"), newWire(t, s, "tcp")
	first.allocate()
	second.binding()
	third := newWire(t, s, "tcp")
	third.binding()
	ended(t, second.conn)
	if st := s.Stats(); st.TCPRefused != 1 || st.TCPConns != 2 || st.TCPConnsTotal != 3 {
		t.Errorf("stats: %+v", st)
	}
	third.allocate()
	ended(t, dial(t, s, "tcp")) // both have one
	first.binding()
	third.binding()
	if st := s.Stats(); st.TCPRefused != 2 || st.TCPConns != 2 {
		t.Errorf("stats: %+v", st)
	}
	_ = first.conn.Close()
	eventually(t, "room for another", func() bool { return s.Stats().TCPConns == 1 })
	newWire(t, s, "tcp").binding()
	third.binding()
}

// One address must not take the connections of all others.
func TestTooManyTCPConnectionsOfOneAddress(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Limits.TCPConns, c.Limits.AddressTCPConns = 3, 2 })
	from := func(host string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
		c, err := d.Dial("tcp", s.TCPAddr().String())
		if err != nil {
			lacking.Skip(t, "this machine has one address on loopback, and this needs 127.0.0.2 and 127.0.0.3: run it on Linux, which has them all")
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(patience))
		return c
	}
	asks := func(c net.Conn) { (&wire{t: t, conn: c}).binding() }
	first, second := from("127.0.0.2"), from("127.0.0.2")
	asks(first)
	asks(second)
	ended(t, from("127.0.0.2"))
	other := from("127.0.0.3")
	asks(other)
	_ = first.Close()
	eventually(t, "room for another", func() bool { return s.Stats().TCPConns == 2 })
	asks(from("127.0.0.2"))
	asks(other)
}

// A relay must not outlive the connection that asked for it.
func TestEndOfConnectionEndsAllocation(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w := newWire(t, s, "tcp")
	w.allocate()
	_ = w.conn.Close()
	eventually(t, "no allocation", func() bool { return s.Stats().Allocations == 0 })
}

// pipe is a tcpConn of a server that does not run, and its client's end.
func pipe(t *testing.T) (*tcpConn, net.Conn) {
	s := &Server{cfg: Config{Limits: Limits{}.withDefaults()}}
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = theirs.Close() })
	c := newTCPConn(s, ours)
	s.conns.add(c, s.cfg.Limits)
	return c, theirs
}

// wantEnd reads until the connection ends and says when that must be.
func wantEnd(t *testing.T, c *tcpConn, after time.Duration, bad uint64) {
	t.Helper()
	from := time.Now()
	for {
		_, _, err := c.ReadFrom(make([]byte, frameMax+1))
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(from) != after || c.srv.stats.badStreams.Load() != bad || c.srv.conns.count() != 0 {
			t.Errorf("ended after %v, want %v: %v, %d bad", time.Since(from), after, err, c.srv.stats.badStreams.Load())
		}
		return
	}
}

func TestTCPDeadlines(t *testing.T) { // durations of fake time are exact
	t.Parallel()
	t.Run("without an allocation, however busy", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, client := pipe(t)
			go func() {
				for {
					if _, err := client.Write(binding()); err != nil {
						return
					}
					time.Sleep(7 * time.Second)
				}
			}()
			wantEnd(t, c, 30*time.Second, 0)
			time.Sleep(time.Minute) // the writer sees the end
		})
	})
	t.Run("without an allocation, always in the middle of a frame", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, client := pipe(t)
			go func() { // so that no read has to wait for the beginning of a frame
				stream := bytes.Repeat(binding(), 100)
				for n := 10; len(stream) > 0; n = min(20, len(stream)) {
					if _, err := client.Write(stream[:n]); err != nil {
						return
					}
					stream = stream[n:]
					time.Sleep(time.Second)
				}
			}()
			wantEnd(t, c, 30*time.Second, 1) // what it had begun has no end
			time.Sleep(time.Minute)          // the writer sees the end
		})
	})
	t.Run("silent with an allocation", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := pipe(t)
			c.allocated(true)
			wantEnd(t, c, 10*time.Minute, 0)
			c.allocated(false)
			if time.Until(c.due()) != 30*time.Second {
				t.Error("the end of an allocation does not start the short deadline")
			}
		})
	})
	t.Run("a frame byte by byte", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, client := pipe(t)
			go func() {
				for _, b := range binding() {
					if _, err := client.Write([]byte{b}); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
			wantEnd(t, c, 10*time.Second, 1)
			time.Sleep(time.Minute)
		})
	})
	t.Run("an answer that is not read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, client := pipe(t)
			from := time.Now()
			if _, err := c.WriteTo(binding(), nil); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(from) != 10*time.Second {
				t.Errorf("after %v: %v", time.Since(from), err)
			}
			if _, err := client.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("not closed: %v", err)
			}
			_ = c.Close()
		})
	})
}

// fails is a socket that returns its errors one after the other, and then none.
type fails []error

func (f *fails) Serve(*udpbatch.Inbox, func() bool) error {
	if len(*f) == 0 {
		return nil
	}
	err := (*f)[0]
	*f = (*f)[1:]
	return err
}

func TestSurvivedErrorsSlowDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{closing: make(chan struct{})}
		odd := errors.New("odd")
		from := time.Now()
		sock := fails{odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, odd, odd}
		if err := s.read(&sock, nil, nil); err != nil {
			t.Fatal(err)
		}
		// 2+4+…+512 ms, then three times the limit of 1 s.
		if d := time.Since(from); d != 1022*time.Millisecond+3*time.Second || s.stats.readErrors.Load() != 12 {
			t.Errorf("12 errors took %v", d)
		}
		sock = fails{net.ErrClosed}
		if err := s.read(&sock, nil, nil); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		close(s.closing)
		sock = fails{odd}
		if err := s.read(&sock, nil, nil); err != odd {
			t.Error("a closed server reads on")
		}
	})
}
