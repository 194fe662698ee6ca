package turnserver

import (
	"net/netip"
	"testing"

	"github.com/pion/stun/v4"
)

// A client that wants an even port, and no other with it, gets one: coturn's own client tosses a coin for it. Both families, and counted
// like every other allocation.
func TestEvenPort(t *testing.T) {
	t.Parallel()
	for mode, name := range map[int]string{bySocket: "sockets", inMemory: "virtual"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRig(t, mode, func(c *Config) { c.Quotas.Address.Allocations = 16 }).s
			for i := range 16 {
				w := newWire(t, s, "udp")
				code, m := w.request(stun.MethodAllocate, transport(protoUDP), attribute(stun.AttrEvenPort, 0))
				var relayed stun.XORMappedAddress
				if code != 0 || relayed.GetFromAs(m, stun.AttrXORRelayedAddress) != nil || relayed.Port%2 != 0 {
					t.Fatalf("allocation %d: %d, port %d", i, code, relayed.Port)
				}
			}
			if got := (&rig{wire: newWire(t, s, "udp"), s: s}).ask(stun.MethodAllocate, transport(protoUDP), attribute(stun.AttrEvenPort, 0)); got != "486" {
				t.Errorf("above the quota: %s", got)
			}
			if n := s.Stats().Allocations; n != 16 {
				t.Errorf("%d allocations", n)
			}
		})
	}
}

// The only port of a range, an odd one, is not even, and still there for who does not mind.
func TestNoEvenPort(t *testing.T) {
	t.Parallel()
	ports := onePort()
	for ports.Min%2 == 0 {
		ports = onePort()
	}
	r := newRig(t, bySocket, func(c *Config) { c.Ports, c.RelayAddresses = ports, []netip.Addr{netip.MustParseAddr("127.0.0.1")} })
	if got := r.ask(stun.MethodAllocate, transport(protoUDP), attribute(stun.AttrEvenPort, 0)); got != "508" {
		t.Errorf("an even one: %s", got)
	}
	if got := r.ask(stun.MethodAllocate, transport(protoUDP)); got != wasSuccess {
		t.Errorf("any: %s", got)
	}
}
