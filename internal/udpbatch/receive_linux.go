package udpbatch

import (
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

	// For calls of the runtime's poller. The functions are made once, too: they would otherwise be allocated for each call.
	once, forever func(fd uintptr) bool
	most          int         // for once
	do            func() bool // for forever
	more          bool        // do wants
	errno         syscall.Errno
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
		h.Namelen = unix.SizeofSockaddrInet6
		h.Iov = &in.iovecs[i]
		h.SetIovlen(1)
	}
	in.once = func(fd uintptr) bool { in.receive(fd, in.most); return true }
	in.forever = in.serve
}

// receive adds what a socket has, at most so many, and leaves the error in errno. With room for one the call is a simpler one.
func (in *Inbox) receive(fd uintptr, most int) {
	got, calls := 0, 0
	for in.errno = unix.EINTR; in.errno == unix.EINTR && calls < 10; calls++ {
		if most == 1 {
			got, in.errno = in.recvfrom(fd)
		} else {
			got, in.errno = in.recvmmsg(fd, most)
		}
	}
	if in.errno != 0 {
		return
	}
	for range got {
		in.slots[in.n] = inSlot{int(in.messages[in.n].len), source(&in.names[in.n])}
		in.messages[in.n].hdr.Namelen = unix.SizeofSockaddrInet6 // where the kernel has put that of the source
		in.n++
	}
}

// Raw system calls, here and when sending, because with MSG_DONTWAIT they do not wait. The runtime would take one that lasts longer
// than 20 µs, as a batch does, for one that does, and look for such calls every 20 µs, a tenth of all that a relay costs.

func (in *Inbox) recvmmsg(fd uintptr, most int) (got int, errno syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&in.messages[in.n])), uintptr(most), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

func (in *Inbox) recvfrom(fd uintptr) (got int, errno syscall.Errno) {
	m := &in.messages[in.n]
	b := in.slot(in.n)
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&in.names[in.n])), uintptr(unsafe.Pointer(&m.hdr.Namelen)))
	m.len = uint32(n)
	return 1, errno
}

// serve is called by the runtime's poller with a socket that may be readable, and takes one batch. With a full one there may be more:
// then it returns true, for then it is called again, unless the socket is closed. A batch that is not full was all there was, and it is
// waited for until the socket may be readable again: if that is so by then the poller knows, for it has been told of each datagram.
func (in *Inbox) serve(fd uintptr) (again bool) {
	in.Reset()
	in.receive(fd, len(in.slots))
	if in.errno != 0 {
		return in.errno != unix.EAGAIN
	}
	full := in.Free() == 0
	in.more = in.do()
	return full || !in.more
}

func (s *Socket) serve(in *Inbox, do func() bool) error {
	for in.do, in.more = do, true; in.more; {
		if s.plain.Load() {
			return s.servePlain(in, do)
		}
		if err := s.raw.Read(in.forever); err != nil {
			return err
		}
		switch in.errno {
		case 0:
		case unix.ENOSYS:
			s.plain.Store(true)
		default:
			return s.failed(in.errno)
		}
	}
	return nil
}

// tryReceive adds what is there to the inbox, at most so many, and does not wait. most is at least 1 and at most what is free.
func (s *Socket) tryReceive(in *Inbox, most int) error {
	if s.plain.Load() {
		most = 1
	}
	in.most = most
	if err := s.raw.Read(in.once); err != nil {
		return err
	}
	switch in.errno {
	case 0, unix.EAGAIN:
		return nil
	case unix.ENOSYS:
		s.plain.Store(true)
		return nil // the next call will do
	}
	return s.failed(in.errno)
}

func (s *Socket) failed(errno syscall.Errno) error {
	return &net.OpError{Op: "read", Net: "udp", Source: s.conn.LocalAddr(), Err: os.NewSyscallError("recvmmsg", errno)}
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
