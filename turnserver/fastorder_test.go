package turnserver

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// TestOrderAcrossTheBinding has numbers come while the receiver binds the channel: the first ones go the long way through Pion,
// the last ones the short one, and none may overtake.
func TestOrderAcrossTheBinding(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) { c.Payload = PayloadAny })
		for range 20 {
			a, b := newWire(t, s, "udp"), newWire(t, s, "udp")
			at, bt := a.allocate(), b.allocate()
			a.bind(0x4001, bt)
			if code, _ := b.request(stun.MethodCreatePermission, peerAddress(at)); code != 0 {
				t.Fatal(code)
			}
			const total = 60
			binding := b.bindingOf(0x4002, at)
			for i := range total {
				if i == total/2 {
					b.send(binding)
				}
				if i%7 == 3 { // the sender does not always use its channel
					a.say(bt, fmt.Sprint(i))
				} else {
					a.put(0x4001, fmt.Sprint(i))
				}
			}
			b.numbers(total, 0x4002)
		}
	})
}

// TestOrderAcrossTheBindingFromOutside has them come from a peer that is no relay.
func TestOrderAcrossTheBindingFromOutside(t *testing.T) {
	t.Parallel()
	s := listen(t)
	for range 20 {
		b := newWire(t, s, "udp")
		peer, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(b.allocate()))
		if err != nil {
			t.Fatal(err)
		}
		at := addrPort(peer.LocalAddr())
		if code, _ := b.request(stun.MethodCreatePermission, peerAddress(at)); code != 0 {
			t.Fatal(code)
		}
		const total = 60
		binding := b.bindingOf(0x4002, at)
		for i := range total {
			if i == total/2 {
				b.send(binding)
			}
			if _, err := fmt.Fprint(peer, i); err != nil {
				t.Fatal(err)
			}
		}
		b.numbers(total, 0x4002)
		_ = peer.Close()
	}
}

// bindingOf is a request to bind a channel, to be sent at the right moment.
func (w *wire) bindingOf(number uint16, peer netip.AddrPort) *stun.Message {
	return signedBy(stun.MethodChannelBind, w.username, w.realm, w.pass, string(w.nonce), peerAddress(peer), numbered(number))
}

// numbers takes the numbers below total in their order, by Data indications and by the channel, amid which its binding is answered.
func (w *wire) numbers(total int, channel uint16) {
	w.t.Helper()
	buf := make([]byte, 2048)
	for i, bound := 0, false; i < total; {
		n, err := w.conn.Read(buf)
		if err != nil {
			w.t.Fatal(err)
		}
		var got string
		if number, size, ok := readHeader(buf[:n]); ok {
			if got = string(buf[4 : 4+size]); number != channel {
				w.t.Fatalf("channel %#x", number)
			}
		} else {
			m := &stun.Message{Raw: buf[:n]}
			if err := m.Decode(); err != nil {
				w.t.Fatal(err)
			}
			if m.Type.Method == stun.MethodChannelBind {
				bound = true
				continue
			}
			data, _ := m.Get(stun.AttrData)
			got = string(data)
		}
		if got != fmt.Sprint(i) {
			w.t.Fatalf("%q came in the place of %d (answered: %v)", got, i, bound)
		}
		i++
	}
}

// TestOrderInOneFlow sends bursts of many sizes, which are sent on in runs of the same.
func TestOrderInOneFlow(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) { c.Payload = PayloadAny })
		a, b, _, _ := couple(t, s, "udp", "udp")
		number := 0
		for round := range 20 {
			for i := range 100 {
				a.put(0x4001, fmt.Sprintf("%06d%s", number+i, strings.Repeat("x", (i/10%3)*round*20)))
			}
			for range 100 {
				if got := b.next(); !strings.HasPrefix(got, fmt.Sprintf("4002 %06d", number)) {
					t.Fatalf("%.20q came in the place of %d", got, number)
				}
				number++
			}
		}
	})
}
