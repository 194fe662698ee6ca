package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"syscall"
)

// Reboot is what happens to a house whose NAT is switched off and on: it knows no connection any more, and gives every one that goes
// on another port. A host without a NAT notices nothing.
func (h *Host) Reboot() error {
	if h.router == "" {
		return nil
	}
	h.ports = (h.ports + 1) % 4
	if err := h.rule(0); err != nil {
		return err
	}
	return h.router.inside(forget)
}

// Lose has the house drop so many percent of the UDP packets in each direction, at random; of a host without a NAT none.
func (h *Host) Lose(percent int) error { return h.rule(percent) }

func (h *Host) rule(loss int) error {
	if h.router == "" {
		return nil
	}
	ports := ""
	if h.ports > 0 {
		ports = fmt.Sprintf("%d-%d", 10000*(h.ports+1), 10000*(h.ports+1)+9999)
	}
	return h.router.nft(h.Kind.rules(h.Addr.String(), ports, loss))
}

// Cut takes the host's interface down, as a pulled cable does, and Mend takes it up again, with its address and its route.
func (h *Host) Cut() error { return h.at.ip("link set " + h.wire() + " down") }

// Mend is the end of Cut.
func (h *Host) Mend() error {
	lines := []string{"link set " + h.wire() + " up"}
	if h.router != "" {
		lines = append(lines, fmt.Sprintf("route replace default via %s", netip.AddrFrom4([4]byte{10, 0, byte(h.number), 1})))
	}
	return h.at.ip(lines...)
}

func (h *Host) wire() string {
	if h.router == "" {
		return "wan"
	}
	return "lan"
}

// Move gives the house another public address, as a provider does at night or a phone gets that changes networks. The host itself
// notices it only where there is no NAT.
func (h *Host) Move() error {
	n, to := h.router, publicAddr(100+h.number)
	if h.router == "" {
		n = h.at
	}
	// The old one first: masquerading ends what used it.
	err := n.ip(fmt.Sprintf("address delete %s/24 dev wan", h.Public), fmt.Sprintf("address add %s/24 dev wan", to))
	if err != nil {
		return err
	}
	h.Public = to
	if h.router == "" {
		h.Addr = to
	}
	return nil
}

// forget empties connection tracking in the thread's namespace, by the message that `conntrack -F` sends: the program is one more
// that would have to be installed.
func forget() error {
	const conntrackDelete = 1<<8 | 2 // NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_NETFILTER)
	if err != nil {
		return fmt.Errorf("lab: forget connections: %w", err)
	}
	defer syscall.Close(fd)
	// struct nlmsghdr, and a struct nfgenmsg that is all zero: every family, no filter.
	m := make([]byte, syscall.NLMSG_HDRLEN+4)
	binary.NativeEndian.PutUint32(m[0:], uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], conntrackDelete)
	binary.NativeEndian.PutUint16(m[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	if err := syscall.Sendto(fd, m, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return fmt.Errorf("lab: forget connections: %w", err)
	}
	answer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(fd, answer, 0)
	if err != nil {
		return fmt.Errorf("lab: forget connections: %w", err)
	}
	if n < syscall.NLMSG_HDRLEN+4 {
		return fmt.Errorf("lab: forget connections: an answer of %d bytes", n)
	}
	if code := int32(binary.NativeEndian.Uint32(answer[syscall.NLMSG_HDRLEN:])); code != 0 {
		return fmt.Errorf("lab: forget connections: %w", syscall.Errno(-code))
	}
	return nil
}
