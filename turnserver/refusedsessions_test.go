package turnserver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

func lasting(seconds byte) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrLifetime, Value: []byte{0, 0, 0, seconds}}
}

func attribute(typ stun.AttrType, value ...byte) stun.Setter {
	return stun.RawAttribute{Type: typ, Value: value}
}

// refusedAllocations are Allocate requests of somebody who may, for what is not to be had.
func refusedAllocations() refusedGroup {
	g := refusedGroup{title: "Allocate", says: "With good credentials."}
	add := func(name string, want, counter [modes]string, attrs ...stun.Setter) {
		g.list = append(g.list, refusedCase{name: name, want: want, counter: counter,
			run: func(r *rig) string { return r.ask(stun.MethodAllocate, attrs...) }})
	}
	udp, none := transport(protoUDP), both("")
	add("no REQUESTED-TRANSPORT", both("400"), none)
	add("REQUESTED-TRANSPORT of two bytes", both("400"), none, attribute(stun.AttrRequestedTransport, protoUDP, 0))
	add("REQUESTED-TRANSPORT TCP (RFC 6062)", both("442"), both("NoAllocation.tcp-relay"), transport(protoTCP))
	add("REQUESTED-TRANSPORT 0", both("442"), none, transport(0))
	add("REQUESTED-TRANSPORT SCTP", both("442"), none, transport(132))
	add("DONT-FRAGMENT", both("420"), none, udp, attribute(stun.AttrDontFragment))
	add("EVEN-PORT that reserves the next port", both("508"), both("NoAllocation.even-port"), udp, attribute(stun.AttrEvenPort, 0x80))
	add("RESERVATION-TOKEN that nobody gave", both("508"), none, udp, attribute(stun.AttrReservationToken, 1, 2, 3, 4, 5, 6, 7, 8))
	add("RESERVATION-TOKEN and EVEN-PORT", both("400"), none, udp, attribute(stun.AttrReservationToken, 1, 2, 3, 4, 5, 6, 7, 8), attribute(stun.AttrEvenPort, 0))
	add("REQUESTED-ADDRESS-FAMILY 0", both("440"), none, udp, requested(0))
	add("REQUESTED-ADDRESS-FAMILY 3", both("440"), none, udp, requested(3))
	add("REQUESTED-ADDRESS-FAMILY of one byte", both("400"), none, udp, attribute(stun.AttrRequestedAddressFamily, 1))
	add("REQUESTED-ADDRESS-FAMILY and RESERVATION-TOKEN", both("400"), none, udp, requested(1), attribute(stun.AttrReservationToken, 1, 2, 3, 4, 5, 6, 7, 8))
	add("an unknown attribute that must be understood", both("420"), none, udp, attribute(0x7abc, 1, 2, 3, 4))
	add("CHANGE-REQUEST (RFC 5780) in an Allocate", both("420"), none, udp, attribute(0x0003, 0, 0, 0, 6))
	oneFamily := func(c *Config) { c.RelayAddresses = slices.Clone(c.RelayAddresses[:1]) }
	g.list = append(g.list, refusedCase{
		name: "an IPv6 relay of a server that has only IPv4 relays", want: both("440"), counter: both("NoAllocation.family"), config: oneFamily,
		run: func(r *rig) string { return r.ask(stun.MethodAllocate, udp, requested(2)) },
	}, refusedCase{
		name: "a second one from the same address and port", want: both("437"),
		run: func(r *rig) string { r.allocate(); return r.ask(stun.MethodAllocate, udp) },
	}, refusedCase{
		name: "a second one from the same address and port, as another user", want: both("437"),
		run: func(r *rig) string {
			r.allocate()
			r.username, r.pass = r.s.Credentials("bob", time.Hour)
			return r.ask(stun.MethodAllocate, udp)
		},
	}, refusedCase{
		name: "the same transaction again, three times", want: both("one allocation"),
		run: func(r *rig) string {
			m := signedBy(stun.MethodAllocate, r.username, r.realm, r.pass, r.challenge(), udp)
			for range 4 {
				if got := r.throw(m.Raw); got != wasSuccess {
					return got
				}
			}
			if n := r.s.Stats().AllocationsTotal; n != 1 {
				return fmt.Sprint(n, " allocations")
			}
			return "one allocation"
		},
	}, refusedCase{
		name: "every port of the range is taken", want: onlySockets("508"), counter: onlySockets("NoAllocation.ports"),
		config: func(c *Config) { c.Ports = onePort() },
		run: func(r *rig) string {
			newWire(r.t, r.s, "udp").allocate()
			return r.ask(stun.MethodAllocate, udp)
		},
	}, refusedCase{
		name: "while the server drains", want: both("486"), counter: both("NoAllocation.draining"),
		run: func(r *rig) string {
			r.allocate()
			r.s.relays.all()[0].gate.used.Store(true) // so it keeps the server
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- r.s.Shutdown(ctx) }()
			defer func() { stop(); <-done }()
			eventually(r.t, "the server drains", func() bool {
				r.s.relays.mu.RLock()
				defer r.s.relays.mu.RUnlock()
				return r.s.relays.draining
			})
			other := &rig{wire: newWire(r.t, r.s, "udp"), s: r.s, mode: r.mode}
			return other.ask(stun.MethodAllocate, udp)
		},
	})
	return g
}

// onePort is a range of one port that is free, where no other test looks for one.
func onePort() PortRange {
	for {
		port := uint16(20000 + rand.IntN(10000))
		pc, err := net.ListenPacket("udp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String())
		if err == nil {
			_ = pc.Close()
			return PortRange{port, port}
		}
	}
}

// refusedSessions are requests about an allocation that there is not, or that is somebody else's.
func refusedSessions() refusedGroup {
	g := refusedGroup{title: "Another's allocation, or none", says: "With good credentials."}
	peer := func(r *rig) stun.Setter {
		if r.mode == inMemory {
			return rawPeer(virtualAddresses[0], 5000)
		}
		return peerAt("1.1.1.1:5000")
	}
	requests := []struct {
		name   string
		method stun.Method
		attrs  func(r *rig) []stun.Setter
	}{
		{"Refresh", stun.MethodRefresh, func(*rig) []stun.Setter { return nil }},
		{"Refresh to end it", stun.MethodRefresh, func(*rig) []stun.Setter { return []stun.Setter{lasting(0)} }},
		{"CreatePermission", stun.MethodCreatePermission, func(r *rig) []stun.Setter { return []stun.Setter{peer(r)} }},
		{"ChannelBind", stun.MethodChannelBind, func(r *rig) []stun.Setter { return []stun.Setter{numbered(0x4000), peer(r)} }},
	}
	for _, q := range requests {
		g.list = append(g.list, refusedCase{
			name: q.name + " without an allocation", want: both("437"), counter: both("Requests.no-allocation"),
			run: func(r *rig) string { return r.ask(q.method, q.attrs(r)...) },
		}, refusedCase{
			name: q.name + " as another user than the allocation's", want: both("441, still there"), counter: both("Requests.other-user"),
			run: func(r *rig) string {
				r.allocate()
				alice := *r.wire
				r.username, r.pass = r.s.Credentials("bob", time.Hour)
				code := r.ask(q.method, q.attrs(r)...)
				if again, _ := alice.request(stun.MethodRefresh); again != 0 {
					return fmt.Sprintf("%s, and the owner's Refresh: %d", code, again)
				}
				return code + ", still there"
			},
		}, refusedCase{
			name: q.name + " from another port of the same user", want: both("437"), counter: both("Requests.no-allocation"),
			run: func(r *rig) string {
				r.allocate()
				other := &rig{wire: newWire(r.t, r.s, "udp"), s: r.s, mode: r.mode}
				return other.ask(q.method, q.attrs(r)...)
			},
		}, refusedCase{
			name: q.name + " after the allocation has ended", want: both("437"), counter: both("Requests.no-allocation"),
			run: func(r *rig) string {
				r.allocate()
				if got := r.ask(stun.MethodRefresh, lasting(0)); got != wasSuccess {
					return "Refresh: " + got
				}
				return r.ask(q.method, q.attrs(r)...)
			},
		})
	}
	for _, c := range []struct {
		name   string
		method stun.Method
		want   string
		count  string
	}{
		{"Connect (RFC 6062), to which this is not an allocation of that kind", stun.MethodConnect, "437", "tcp-relay"},
		{"ConnectionBind (RFC 6062), for which there is no connection", stun.MethodConnectionBind, "400", "tcp-relay"},
	} {
		g.list = append(g.list, refusedCase{
			name: c.name, want: both(c.want), counter: both("Requests." + c.count),
			run: func(r *rig) string {
				r.allocate()
				return r.ask(c.method, peer(r), attribute(0x002a, 0, 0, 0, 1))
			},
		})
	}
	g.list = append(g.list, refusedCase{
		name: "Refresh that asks for another family", want: both("443"),
		run: func(r *rig) string { r.allocate(); return r.ask(stun.MethodRefresh, requested(2)) },
	}, refusedCase{
		name: "CreatePermission without a peer", want: both("400"),
		run: func(r *rig) string { r.allocate(); return r.ask(stun.MethodCreatePermission) },
	}, refusedCase{
		name: "CreatePermission for an address of no family", want: both("400"),
		run: func(r *rig) string {
			r.allocate()
			return r.ask(stun.MethodCreatePermission, attribute(stun.AttrXORPeerAddress, 0, 7, 0, 0, 1, 2, 3, 4))
		},
	}, refusedCase{
		name: "CreatePermission for an IPv4 address of three bytes", want: both("400"),
		run: func(r *rig) string {
			r.allocate()
			return r.ask(stun.MethodCreatePermission, attribute(stun.AttrXORPeerAddress, 0, 1, 0, 0, 1, 2, 3))
		},
	}, refusedCase{
		name: "a peer that no member of the user's rooms has announced (scope)", want: both("403"), counter: both("PeersDenied.scope"),
		config: func(c *Config) { c.Scope = nobody },
		run:    func(r *rig) string { r.allocate(); return r.ask(stun.MethodCreatePermission, peer(r)) },
	}, refusedCase{
		name: "a channel to a peer that no member of the user's rooms has announced (scope)", want: both("403"), counter: both("PeersDenied.scope"),
		config: func(c *Config) { c.Scope = nobody },
		run: func(r *rig) string {
			r.allocate()
			return r.ask(stun.MethodChannelBind, numbered(0x4000), peer(r))
		},
	})
	return g
}
