package turnserver

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/stun/v4"
)

func nobody(string, netip.Addr) bool { return false }

// payloadsRefused is what is no data channel, and so does not cross a relay unless it is told to carry everything.
func refusedPayloads() refusedGroup {
	g := refusedGroup{title: "What relays carry", says: "From one relay to another, which has given a permission: in ChannelData, and in a Send indication. " +
		"By default relays carry ICE's checks, and DTLS with a peer that has answered one; with media also SRTP and SRTCP, under the same condition."}
	media := func(c *Config) { meet(c); c.Payload = PayloadMedia }
	for _, c := range []struct {
		name, data, counter string
		config              func(*Config)
	}{
		{"nothing, in a datagram", "", "foreign", meet},
		{"an HTTP request", "GET / HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", "foreign", meet},
		{"an SSDP search", "M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n", "foreign", meet},
		{"a SIP request", "OPTIONS sip:a@example.org SIP/2.0\r\n\r\n", "foreign", meet},
		{"a DNS query", "\xc2\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01", "foreign", meet},
		{"a DNS query that begins like STUN", "\x00\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01", "malformed-stun", meet},
		{"an NTP request, which begins like DTLS", "\x23\x00\x06\x20" + strings.Repeat("\x00", 44), "unchecked-peer", meet},
		{"an SNMP request, which begins like DTLS", "\x30\x26\x02\x01\x01\x04\x06public", "unchecked-peer", meet},
		{"memcached's stats", "\x00\x01\x00\x00\x00\x01\x00\x00stats\r\n", "malformed-stun", meet},
		{"a QUIC Initial packet", "\xc3\x00\x00\x00\x01\x08abcdefgh\x00\x00\x44\xd0", "foreign", meet},
		{"ChannelData, for a relay behind the relay", "\x40\x00\x00\x05hello", "foreign", meet},
		{"an Allocate request, for a relay behind the relay", "\x00\x03\x00\x00\x21\x12\xa4\x42transaction.", "stun-method", meet},
		{"STUN of a length that is not its own", "\x00\x01\x00\x08\x21\x12\xa4\x42transaction.", "malformed-stun", meet},
		{"STUN without the magic cookie", "\x00\x01\x00\x00\x00\x00\x00\x00transaction.", "malformed-stun", meet},
		{"a DTLS ClientHello before a check was answered", "\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01", "unchecked-peer", meet},
		{"an RTP packet, without media", "\x80\x60\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01voice", "media", meet},
		{"an RTCP packet, without media", "\x80\xc8\x00\x01\x00\x00\x00\x01", "media", meet},
		{"an RTP packet before a check was answered, with media", "\x80\x60\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01voice", "unchecked-peer", media},
	} {
		g.list = append(g.list, refusedCase{name: c.name, want: both(wasDropped), counter: both("PayloadDenied." + c.counter), config: c.config,
			run: func(r *rig) string {
				bob, _, bobAt := r.pairOf()
				return r.crosses(bob, func() {
					_, _ = r.conn.Write(rawChannelData(0x4000, uint16(len(c.data)), c.data))
					r.say(bobAt, c.data)
				})
			}})
	}
	return g
}

// refusedLimits are clients that want too much.
func refusedLimits() refusedGroup {
	g := refusedGroup{title: "Quotas", says: "Each quota is small in the test; the next thing that asks for more is refused."}
	one := Quota{Allocations: 1}
	alone := func(string) Account { return Account{Identity: "team", Rooms: []string{"tea"}} }
	for _, c := range []struct {
		name, counter string
		config        func(*Config)
	}{
		{"one allocation more than an identity may have", "identity-allocations", func(c *Config) { c.Quotas.Identity = one; c.Accounts = alone }},
		{"one allocation more than a room may have", "room-allocations", func(c *Config) { c.Quotas.Room = one; c.Accounts = alone }},
		{"one allocation more than an address may have", "address-allocations", func(c *Config) { c.Quotas.Address = one }},
	} {
		g.list = append(g.list, refusedCase{name: c.name, want: both("486"), counter: both("QuotaReached." + c.counter), config: c.config,
			run: func(r *rig) string {
				newWire(r.t, r.s, "udp").allocate()
				return r.ask(stun.MethodAllocate, transport(protoUDP))
			}})
	}
	for _, c := range []struct {
		name, counter string
		quota         Quota
	}{
		{"a packet above the bytes of a day", "address-bytes", Quota{Bytes: 2000}},
		{"a packet above the rate", "address-bandwidth", Quota{BitsPerSecond: 1}},
	} {
		g.list = append(g.list, refusedCase{name: c.name, want: both(wasDropped), counter: both("QuotaReached." + c.counter),
			config: func(cfg *Config) { meet(cfg); cfg.Quotas.Address = c.quota; cfg.Payload = PayloadAny },
			run: func(r *rig) string {
				_, _, bobAt := r.pairOf()
				for range 40 {
					r.say(bobAt, strings.Repeat("x", 1000))
				}
				r.binding()
				if n := r.s.Stats().ToPeers.Packets; n >= 40 {
					return strconv.Itoa(int(n)) + " relayed"
				}
				return wasDropped
			}})
	}
	g.list = append(g.list, refusedCase{
		name: "a thousand allocations from one address, of which ten are allowed", want: both("10 × success, 990 × 486"), counter: both("QuotaReached.address-allocations"),
		config: func(c *Config) { c.Quotas.Address.Allocations, c.Limits.Unauthenticated = 10, 1e6 },
		run: func(r *rig) string {
			outcomes := map[string]int{}
			for range 1000 {
				other := &rig{wire: newWire(r.t, r.s, "udp"), s: r.s}
				got := other.ask(stun.MethodAllocate, transport(protoUDP))
				if outcomes[got]++; got != wasSuccess {
					_ = other.conn.Close() // a thousand sockets may be more than a process has
				}
			}
			var all []string
			for got, n := range outcomes {
				all = append(all, strconv.Itoa(n)+" × "+got)
			}
			slices.Sort(all)
			return strings.Join(all, ", ")
		},
	})
	return g
}
