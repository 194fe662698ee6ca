package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// Host is a machine in a house, where a peer can run.
type Host struct {
	// Kind is what stands between the host and the public segment.
	Kind Kind
	// Addr is the address that the host knows of itself, Public the one that others see: the same for Open.
	Addr, Public netip.Addr

	lab    *Lab
	number int       // of the house
	at     namespace // the host's own
	router namespace // "" for Open
	ports  int       // where the router takes ports from, by how often it was rebooted
}

// Add builds a house of the kind with a host in it.
func (l *Lab) Add(kind Kind) (*Host, error) {
	l.houses++
	h := &Host{Kind: kind, lab: l, number: l.houses}
	h.Public = publicAddr(10 + h.number)
	var err error
	if h.at, err = l.add(fmt.Sprintf("host%d", h.number)); err != nil {
		return nil, err
	}
	if kind == Open {
		h.Addr = h.Public
		return h, h.plug(h.at, "wan")
	}
	if h.router, err = l.add(fmt.Sprintf("nat%d", h.number)); err != nil {
		return nil, err
	}
	h.Addr = netip.AddrFrom4([4]byte{10, 0, byte(h.number), 2})
	inner := netip.AddrFrom4([4]byte{10, 0, byte(h.number), 1})
	if err := h.plug(h.router, "wan"); err != nil {
		return nil, err
	}
	if err := namespace("").ip(fmt.Sprintf("link add lan netns %s type veth peer name lan netns %s", h.router, h.at)); err != nil {
		return nil, err
	}
	if err := h.router.ip(fmt.Sprintf("address add %s/24 dev lan", inner), "link set lan up"); err != nil {
		return nil, err
	}
	if err := h.at.ip("link set lo up", fmt.Sprintf("address add %s/24 dev lan", h.Addr), "link set lan up",
		fmt.Sprintf("route add default via %s", inner)); err != nil {
		return nil, err
	}
	if err := h.router.set("net/ipv4/ip_forward", "1"); err != nil {
		return nil, err
	}
	return h, h.router.nft(kind.rules(h.Addr.String(), "", 0))
}

// publicAddr is the address with that number on the public segment.
func publicAddr(number int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(number)})
}

// plug connects a namespace to the public segment, with the house's public address.
func (h *Host) plug(n namespace, name string) error {
	port := fmt.Sprintf("house%d", h.number)
	if err := namespace("").ip(fmt.Sprintf("link add %s netns %s type veth peer name %s netns %s", name, n, port, h.lab.public)); err != nil {
		return err
	}
	if err := h.lab.public.ip(fmt.Sprintf("link set %s master bridge up", port)); err != nil {
		return err
	}
	return n.ip("link set lo up", fmt.Sprintf("address add %s/24 dev %s", h.Public, name), fmt.Sprintf("link set %s up", name))
}

// Dial connects from the host to an address, which is no name: to a program on the host itself perhaps. The connection is the test's own.
func (h *Host) Dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = h.at.inside(func() error {
		var d net.Dialer
		c, err = d.DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// Command returns what to run for the program to be on the host.
func (h *Host) Command(path string, args ...string) (string, []string) {
	return h.at.command(path, args)
}

// ListenUDP opens a UDP socket of the test on the host, at a free port.
func (h *Host) ListenUDP() (*net.UDPConn, error) {
	return h.at.listenUDP(netip.AddrPortFrom(h.Addr, 0).String())
}
