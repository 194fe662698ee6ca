package udpbatch

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// message is struct mmsghdr (recvmmsg(2)).
type message struct {
	hdr unix.Msghdr
	len uint32
}

// system is the side of an Inbox that the kernel sees: for each slot a header that points at its buffer and at room for an
// address. They are made once.
type system struct {
	messages []message
	iovecs   []unix.Iovec
	names    []unix.RawSockaddrInet6 // room for either family's

	// For one call of receive. The function is made once, too: it would otherwise be allocated for each.
	call  func(fd uintptr) bool
	most  int
	wait  bool
	got   int
	errno syscall.Errno
}

func (in *Inbox) init() {
	in.messages = make([]message, len(in.slots))
	in.iovecs = make([]unix.Iovec, len(in.slots))
	in.names = make([]unix.RawSockaddrInet6, len(in.slots))
	for i := range in.slots {
		b := in.slot(i)
		in.iovecs[i].Base = &b[0]
		in.iovecs[i].SetLen(len(b))
		h := &in.messages[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&in.names[i]))
		h.Iov = &in.iovecs[i]
		h.SetIovlen(1)
	}
	in.call = in.recvmmsg
}

// recvmmsg is called by the runtime's poller with a socket that may be readable.
func (in *Inbox) recvmmsg(fd uintptr) bool {
	batch := in.messages[in.n : in.n+in.most]
	for i := range batch {
		batch[i].hdr.Namelen = unix.SizeofSockaddrInet6 // the kernel has put the last one's there
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&batch[0])), uintptr(len(batch)), unix.MSG_DONTWAIT, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		in.got, in.errno = int(n), errno
		if errno != 0 {
			in.got = 0
		}
		return errno != unix.EAGAIN || !in.wait
	}
}

func (s *Socket) receive(in *Inbox, most int, wait bool) error {
	if most == 0 {
		return nil
	}
	if s.plain.Load() {
		return s.receivePlain(in, wait)
	}
	in.most, in.wait = most, wait
	if err := s.raw.Read(in.call); err != nil {
		return err
	}
	switch in.errno {
	case 0:
	case unix.EAGAIN:
		return nil
	case unix.ENOSYS:
		s.plain.Store(true)
		return s.receivePlain(in, wait)
	default:
		return &net.OpError{Op: "read", Net: "udp", Source: s.conn.LocalAddr(), Err: os.NewSyscallError("recvmmsg", in.errno)}
	}
	for range in.got {
		in.slots[in.n] = inSlot{int(in.messages[in.n].len), source(&in.names[in.n])}
		in.n++
	}
	return nil
}

// receivePlain is receive without recvmmsg.
func (s *Socket) receivePlain(in *Inbox, wait bool) error {
	if wait {
		return s.receiveOne(in)
	}
	var n int
	var sa unix.Sockaddr
	var errno error
	if err := s.raw.Read(func(fd uintptr) bool {
		n, sa, errno = unix.Recvfrom(int(fd), in.slot(in.n), unix.MSG_DONTWAIT)
		return true
	}); err != nil || errors.Is(errno, unix.EAGAIN) {
		return err
	}
	if errno != nil {
		return errno
	}
	var from netip.AddrPort
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		from = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		from = netip.AddrPortFrom(zoned(sa.Addr, sa.ZoneId), uint16(sa.Port))
	}
	in.slots[in.n] = inSlot{n, from}
	in.n++
	return nil
}

// source reads what the kernel wrote of where a datagram came from.
func source(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), hostOrder(v4.Port))
	}
	return netip.AddrPortFrom(zoned(name.Addr, name.Scope_id), hostOrder(name.Port))
}

// zoned is an IPv6 address with its link, which only those of links have.
func zoned(a [16]byte, scope uint32) netip.Addr {
	addr := netip.AddrFrom16(a).Unmap()
	if scope != 0 {
		addr = addr.WithZone(strconv.FormatUint(uint64(scope), 10))
	}
	return addr
}

// hostOrder turns a port of the wire into a number, and back.
func hostOrder(port uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&port))
	return uint16(b[0])<<8 | uint16(b[1])
}
