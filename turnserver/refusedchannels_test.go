package turnserver

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/pion/stun/v4"
)

// channelData is one frame, of the length that it claims to have.
func rawChannelData(channel, length uint16, data string) []byte {
	frame := binary.BigEndian.AppendUint16(nil, channel)
	return append(binary.BigEndian.AppendUint16(frame, length), data...)
}

// pairOf opens two relays that may talk to each other, and a channel from the first to the second.
func (r *rig) pairOf() (bob *wire, at, bobAt netip.AddrPort) {
	r.t.Helper()
	bob = newWire(r.t, r.s, "udp")
	at, bobAt = r.allocate(), bob.allocate()
	for _, got := range []string{
		r.ask(stun.MethodChannelBind, numbered(0x4000), peerAddress(bobAt)),
		(&rig{wire: bob, s: r.s}).ask(stun.MethodCreatePermission, peerAddress(at)),
	} {
		if got != wasSuccess {
			r.t.Fatalf("the pair: %s", got)
		}
	}
	return bob, at, bobAt
}

// crosses sends what may be wasDropped, and behind it what may not be: it says which of them bob hears.
func (r *rig) crosses(bob *wire, send func()) string {
	r.t.Helper()
	send()
	_, _ = r.conn.Write(rawChannelData(0x4000, stunHeader, check("marker")))
	if heard := bob.heard(); heard != check("marker") {
		return "relayed"
	}
	return wasDropped
}

// check is a Binding request, which relays carry for ICE, with an id that begins with name.
func check(name string) string {
	return "\x00\x01\x00\x00\x21\x12\xa4\x42" + (name + "            ")[:12]
}

// meet lets relays on loopback talk to each other.
func meet(c *Config) { c.AllowLocal = true }

// refusedChannels are about channels and their data.
func refusedChannels() refusedGroup {
	g := refusedGroup{title: "Channels and data", says: "With an allocation, and where the peer is not what is wrong, a peer that may be reached."}
	peers := func(r *rig) [2]stun.Setter {
		if r.mode == inMemory {
			return [2]stun.Setter{rawPeer(virtualAddresses[0], 5000), rawPeer(virtualAddresses[0], 5001)}
		}
		return [2]stun.Setter{peerAt("1.1.1.1:5000"), peerAt("1.1.1.1:5001")}
	}
	add := func(name, want string, run func(r *rig, peer [2]stun.Setter) string) {
		g.list = append(g.list, refusedCase{name: name, want: both(want), run: func(r *rig) string { r.allocate(); return run(r, peers(r)) }})
	}
	bind := func(r *rig, n uint16, peer stun.Setter) string {
		return r.ask(stun.MethodChannelBind, numbered(n), peer)
	}
	for _, c := range []struct {
		what string
		n    uint16
	}{{"0", 0}, {"0x3FFF", 0x3fff}, {"0x8000", 0x8000}, {"0xFFFF", 0xffff}} {
		add("ChannelBind of the number "+c.what, "400", func(r *rig, peer [2]stun.Setter) string { return bind(r, c.n, peer[0]) })
	}
	add("a bound number for another peer", "success, 400", func(r *rig, peer [2]stun.Setter) string {
		return bind(r, 0x4000, peer[0]) + ", " + bind(r, 0x4000, peer[1])
	})
	add("another number for a bound peer", "success, 400", func(r *rig, peer [2]stun.Setter) string {
		return bind(r, 0x4000, peer[0]) + ", " + bind(r, 0x4001, peer[0])
	})
	add("ChannelBind without a number", "400", func(r *rig, peer [2]stun.Setter) string { return r.ask(stun.MethodChannelBind, peer[0]) })
	add("ChannelBind without a peer", "400", func(r *rig, _ [2]stun.Setter) string { return r.ask(stun.MethodChannelBind, numbered(0x4000)) })
	add("ChannelBind with a number of two bytes", "400", func(r *rig, peer [2]stun.Setter) string {
		return r.ask(stun.MethodChannelBind, attribute(stun.AttrChannelNumber, 0x40, 0), peer[0])
	})
	send := func(attrs ...stun.Setter) []byte {
		return stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication)}, attrs...)...).Raw
	}
	hello := attribute(stun.AttrData, []byte("hello")...)
	g.list = append(g.list, refusedChannelData("ChannelData that is shorter than it says", rawChannelData(0x4000, 6, "hello")),
		refusedChannelData("ChannelData that says 65,532 bytes (40 00 FF FC)", rawChannelData(0x4000, 0xfffc, "")),
		refusedChannelData("ChannelData of three bytes", []byte{0x40, 0, 0}))
	for _, c := range []struct {
		what string
		raw  func(peer [2]stun.Setter) []byte
	}{
		{"ChannelData for an unbound channel", func([2]stun.Setter) []byte { return rawChannelData(0x4000, 5, "hello") }},
		{"ChannelData for the channel 0x7FFF", func([2]stun.Setter) []byte { return rawChannelData(0x7fff, 5, "hello") }},
		{"Send to a peer without a permission", func(peer [2]stun.Setter) []byte { return send(peer[0], hello) }},
		{"Send without a peer", func([2]stun.Setter) []byte { return send(hello) }},
		{"Send without data", func(peer [2]stun.Setter) []byte { return send(peer[0]) }},
		{"Send that asks for DONT-FRAGMENT", func(peer [2]stun.Setter) []byte { return send(peer[0], attribute(stun.AttrDontFragment), hello) }},
	} {
		add(c.what, wasSilence, func(r *rig, peer [2]stun.Setter) string {
			got := r.throw(c.raw(peer))
			if n := r.s.Stats().ToPeers.Packets; n > 0 {
				return "relayed"
			}
			return got
		})
	}
	for _, c := range []struct {
		what string
		raw  []byte
	}{{"ChannelData without an allocation", rawChannelData(0x4000, 5, "hello")}, {"Send without an allocation", send(peerAt("1.1.1.1:5000"), hello)}} {
		g.list = append(g.list, refusedCase{name: c.what, want: both(wasSilence), run: func(r *rig) string { return r.throw(c.raw) }})
	}
	g.list = append(g.list, refusedCase{
		name: "data for a relay whose client gave the sender no permission", want: both(wasDropped), counter: both("PeersDenied.no-permission"), config: meet,
		run: func(r *rig) string {
			carol := &rig{wire: newWire(r.t, r.s, "udp"), s: r.s}
			at, carolAt := r.allocate(), carol.allocate()
			if got := r.ask(stun.MethodCreatePermission, peerAddress(carolAt)); got != wasSuccess {
				return got
			}
			r.say(carolAt, check("too early"))
			eventually(r.t, "carol's relay has it", func() bool { return r.s.Stats().PeersDenied["no-permission"] > 0 })
			carol.ask(stun.MethodCreatePermission, peerAddress(at))
			r.say(carolAt, check("in time"))
			if heard := carol.heard(); heard != check("in time") {
				return "relayed"
			}
			return wasDropped
		},
	})
	return g
}

// refusedChannelData is a frame that is none.
func refusedChannelData(name string, raw []byte) refusedCase {
	return refusedCase{name: name, want: both(wasSilence), counter: both(droppedAs(dropMalformed.String())),
		run: func(r *rig) string { r.allocate(); return r.throw(raw) }}
}

// refusedPorts are peers whose address may be reached, and whose port may not. A permission has no port: so each is a channel, and where
// that is had, data.
func refusedPorts() refusedGroup {
	g := refusedGroup{title: "Peers by port", says: "The peer's address may be reached, and its port may not: ChannelBind to it; and a Send to it, with a permission for the address."}
	add := func(name string, want, counter [modes]string, config func(*Config), port func(r *rig, bobAt netip.AddrPort) uint16) {
		g.list = append(g.list, refusedCase{name: name, want: want, counter: counter, config: config, run: func(r *rig) string {
			_, _, bobAt := r.pairOf()
			to := netip.AddrPortFrom(bobAt.Addr(), port(r, bobAt))
			outcomes := []string{r.ask(stun.MethodChannelBind, numbered(0x4001), peerAddress(to))}
			r.say(to, check("a check"))
			r.binding()
			outcome := wasDropped
			if r.s.Stats().ToPeers.Packets > 0 {
				outcome = "relayed"
			}
			return strings.Join(append(outcomes, outcome), ", ")
		}})
	}
	// In memory nothing is behind these ports, and there is no need for a rule.
	want := [modes]string{"403, dropped", "success, dropped"}
	for _, c := range []struct {
		what string
		port uint16
	}{{"0", 0}, {"22 (SSH)", 22}, {"53 (DNS)", 53}, {"80 (HTTP)", 80}, {"123 (NTP)", 123}, {"443 (HTTPS)", 443}, {"1023", 1023}} {
		add("port "+c.what, want, [modes]string{"PeersDenied.low-port", "PeersDenied.not-a-relay"}, meet, func(*rig, netip.AddrPort) uint16 { return c.port })
	}
	add("this server's own UDP port", want, [modes]string{"PeersDenied.own-listener", "PeersDenied.not-a-relay"}, meet,
		func(r *rig, _ netip.AddrPort) uint16 { return r.s.UDPAddrs()[0].Port() })
	add("this server's own TCP port", want, [modes]string{"PeersDenied.own-listener", "PeersDenied.not-a-relay"}, meet,
		func(r *rig, _ netip.AddrPort) uint16 { return r.s.TCPAddrs()[0].Port() })
	add("a port of the relay address that no relay has", onlyVirtual("success, dropped"), onlyVirtual("PeersDenied.not-a-relay"), meet,
		func(_ *rig, bobAt netip.AddrPort) uint16 { return bobAt.Port() ^ 1 })
	g.list = append(g.list, refusedCase{
		name: "a service of this machine, at the relay address", want: onlySockets(wasDropped), counter: onlySockets("PeersDenied.own-address"),
		config: func(c *Config) { c.RelayAddresses = nil },
		run: func(r *rig) string {
			host := hostAddr(r.t)
			s := listen(r.t, func(c *Config) {
				c.AllowLocal, c.UDP, c.TCP = false, []string{netip.AddrPortFrom(host, 0).String()}, nil
				c.Ports = PortRange{49152, 65535}
			})
			r.wire, r.s = newWire(r.t, s, "udp"), s
			r.allocate()
			if got := r.ask(stun.MethodCreatePermission, rawPeer(host, 5000)); got != wasSuccess {
				return got
			}
			r.say(netip.AddrPortFrom(host, 5000), check("a check"))
			r.binding()
			if s.Stats().ToPeers.Packets > 0 {
				return "relayed"
			}
			return wasDropped
		},
	})
	return g
}
