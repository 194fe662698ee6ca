package udpbatch

import (
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxSegments is what every kernel takes in one message (UDP_MAX_SEGMENTS; newer ones take 128).
	maxSegments = 64
	// maxBytes is below what a message may have: 65,535 less the headers of IP and UDP.
	maxBytes = 65_000
	// Larger datagrams go by themselves: the kernel refuses segments that do not fit the path, and most paths have 1,500 bytes.
	maxSegment4, maxSegment6 = 1472, 1452
)

// segmentSize is the control message that asks for UDP_SEGMENT, as udp(7) has it.
type segmentSize struct {
	hdr  unix.Cmsghdr
	size uint16
}

// sender is the side of an Outbox that the kernel sees.
type sender struct {
	messages []message
	of       []outMessage // by message
	iovecs   []unix.Iovec // by packet
	controls []segmentSize

	// For one call of send; see system.
	call    func(fd uintptr)
	waiting func(fd uintptr) bool
	batch   []message
	sent    int
	errno   syscall.Errno
}

type outMessage struct {
	lane    *Lane
	packets []unix.Iovec
}

// destination is a struct sockaddr.
type destination struct {
	name unix.RawSockaddrInet6 // or the other family's
	len  uint32
}

func (d *destination) set(v6 bool, to netip.AddrPort) {
	// An IPv4 socket refuses an IPv6 address as such. It must not get 0.0.0.0 in its place, which is this machine.
	if a := to.Addr().Unmap(); !v6 && a.Is4() {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&d.name))
		*v4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: hostOrder(to.Port()), Addr: a.As4()}
		d.len = unix.SizeofSockaddrInet4
		return
	}
	d.name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: hostOrder(to.Port()), Addr: to.Addr().As16()}
	if scope, err := strconv.ParseUint(to.Addr().Zone(), 10, 32); err == nil {
		d.name.Scope_id = uint32(scope)
	}
	d.len = unix.SizeofSockaddrInet6
}

func (o *Outbox) init(packets int) {
	o.messages = make([]message, 0, packets)
	o.of = make([]outMessage, 0, packets)
	o.iovecs = make([]unix.Iovec, 0, packets)
	o.controls = make([]segmentSize, packets)
	for i := range o.controls {
		o.controls[i].hdr = unix.Cmsghdr{Level: unix.SOL_UDP, Type: unix.UDP_SEGMENT}
		o.controls[i].hdr.SetLen(unix.CmsgLen(2))
	}
	o.call = func(fd uintptr) { o.sendmmsg(fd) }
	o.waiting = func(fd uintptr) bool { o.sendmmsg(fd); return o.errno != unix.EAGAIN }
}

// flush makes messages of the packets, lane by lane, and sends those of one socket together.
func (o *Outbox) flush() (dropped int) {
	o.messages, o.of, o.iovecs = o.messages[:0], o.of[:0], o.iovecs[:0]
	var sock *Socket
	first := 0
	for _, l := range o.lanes {
		if l.sock.plain.Load() {
			dropped += o.flushPlain(l)
			continue
		}
		if l.sock != sock {
			dropped += o.send(sock, first)
			sock, first = l.sock, len(o.messages)
		}
		for i := l.head; i != 0; {
			i = o.message(l, i)
		}
	}
	return dropped + o.send(sock, first)
}

// message makes one of the packet i and of those after it in the lane that can be its segments: of the same size, but for the last,
// which may be shorter. It returns the first packet that is not in it.
func (o *Outbox) message(l *Lane, i int) int {
	n, size, total := len(o.iovecs), len(o.packets[i].p), 0
	segments := size > 0 && size <= l.maxSegment() && !l.noSegments && !l.sock.noSegments.Load()
	for i != 0 {
		p := o.packets[i].p
		count := len(o.iovecs) - n
		if count > 0 && (!segments || len(p) > size || len(p) == 0 || count == maxSegments || total+len(p) > maxBytes) {
			break
		}
		var v unix.Iovec
		if len(p) > 0 {
			v.Base = &p[0]
		}
		v.SetLen(len(p))
		o.iovecs = append(o.iovecs, v)
		total += len(p)
		i = o.packets[i].next
		if len(p) < size {
			break
		}
	}
	o.add(l, o.iovecs[n:len(o.iovecs):len(o.iovecs)], size)
	return i
}

// add appends the message of some packets, as segments if there are several.
func (o *Outbox) add(l *Lane, packets []unix.Iovec, size int) {
	var m message
	m.hdr.Name = (*byte)(unsafe.Pointer(&l.dest.name))
	m.hdr.Namelen = l.dest.len
	m.hdr.Iov = &packets[0]
	m.hdr.SetIovlen(len(packets))
	if len(packets) > 1 {
		c := &o.controls[len(o.messages)]
		c.size = uint16(size)
		m.hdr.Control = (*byte)(unsafe.Pointer(c))
		m.hdr.SetControllen(int(unsafe.Sizeof(*c)))
	}
	o.messages = append(o.messages, m)
	o.of = append(o.of, outMessage{l, packets})
}

func (l *Lane) maxSegment() int {
	if l.to.Addr().Is4() {
		return maxSegment4
	}
	return maxSegment6
}

// send sends the messages from first on, which are all of one socket.
func (o *Outbox) send(sock *Socket, first int) (dropped int) {
	retried := false
	for first < len(o.messages) {
		o.batch = o.messages[first:]
		err := sock.raw.Control(o.call)
		full := err == nil && o.errno == unix.EAGAIN
		if full && !sock.hasty.Load() {
			full, err = false, sock.raw.Write(o.waiting)
		}
		if err != nil || full { // closed, or hasty
			return dropped + o.count(first)
		}
		if o.errno == 0 {
			first += o.sent
			retried = false
			continue
		}
		switch packets := o.of[first].packets; {
		case o.errno == unix.ENOSYS:
			sock.plain.Store(true)
			return dropped + o.plainFrom(first)
		case len(packets) > 1 && refusesSegments(o.errno):
			o.of[first].lane.refused(o.errno)
			dropped += o.apart(sock, first)
			first++
		case !retried && pending(o.errno):
			retried = true
		default:
			dropped += len(packets)
			first++
			retried = false
		}
	}
	return dropped
}

// sendmmsg sends from the start of the batch. An error is that of its first message; the kernel tells of no other. A single datagram has
// a simpler call.
func (o *Outbox) sendmmsg(fd uintptr) {
	first := &o.batch[0].hdr
	for o.errno = unix.EINTR; o.errno == unix.EINTR; {
		if len(o.batch) == 1 && first.Control == nil {
			_, _, o.errno = unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(first.Iov.Base)), uintptr(first.Iov.Len), unix.MSG_DONTWAIT,
				uintptr(unsafe.Pointer(first.Name)), uintptr(first.Namelen))
			o.sent = 1
		} else {
			n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(first)), uintptr(len(o.batch)), unix.MSG_DONTWAIT, 0, 0)
			o.sent, o.errno = int(n), errno
		}
	}
}

// refusesSegments tells errors that may go away without UDP_SEGMENT: EINVAL and EMSGSIZE when a segment does not fit the path, EIO
// when the way out has no checksums, and EOPNOTSUPP.
func refusesSegments(errno syscall.Errno) bool {
	return errno == unix.EINVAL || errno == unix.EIO || errno == unix.EMSGSIZE || errno == unix.EOPNOTSUPP
}

// refused remembers that. A size that does not fit is one destination's matter, and no client may slow down the others by it.
func (l *Lane) refused(errno syscall.Errno) {
	if errno == unix.EINVAL || errno == unix.EMSGSIZE {
		l.noSegments = true
	} else {
		l.sock.noSegments.Store(true)
	}
}

// pending tells errors that an ICMP message about an earlier datagram left at the socket. The call that reports one sends nothing.
func pending(errno syscall.Errno) bool {
	return errno == unix.ECONNREFUSED || errno == unix.EHOSTUNREACH || errno == unix.ENETUNREACH || errno == unix.EPROTO
}

// apart sends the packets of one message one by one.
func (o *Outbox) apart(sock *Socket, at int) (dropped int) {
	m := &o.messages[at]
	m.hdr.Control = nil
	m.hdr.SetControllen(0)
	m.hdr.SetIovlen(1)
	for i := range o.of[at].packets {
		m.hdr.Iov = &o.of[at].packets[i]
		for try := 0; ; try++ {
			o.batch = o.messages[at : at+1]
			err := sock.raw.Control(o.call)
			if err == nil && o.errno == unix.EAGAIN && !sock.hasty.Load() {
				err = sock.raw.Write(o.waiting)
			}
			if err != nil {
				return dropped + len(o.of[at].packets) - i
			}
			if o.errno == 0 {
				break
			}
			if try > 0 || !pending(o.errno) {
				dropped++
				break
			}
		}
	}
	return dropped
}

// count is how many packets the messages from first on have.
func (o *Outbox) count(first int) (n int) {
	for _, m := range o.of[first:] {
		n += len(m.packets)
	}
	return n
}

// plainFrom sends the messages from first on without sendmmsg.
func (o *Outbox) plainFrom(first int) (dropped int) {
	for _, m := range o.of[first:] {
		for _, v := range m.packets {
			if !m.lane.sendOne(unsafe.Slice(v.Base, v.Len)) {
				dropped++
			}
		}
	}
	return dropped
}

func (o *Outbox) flushPlain(l *Lane) (dropped int) {
	for i := l.head; i != 0; i = o.packets[i].next {
		if !l.sendOne(o.packets[i].p) {
			dropped++
		}
	}
	return dropped
}

// probe finds out of which family the socket is, and whether the kernel knows UDP_SEGMENT: one that does not would send the
// segments as one datagram.
func (s *Socket) probe() error {
	return s.raw.Control(func(fd uintptr) {
		if family, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil {
			s.v6 = family == unix.AF_INET6
		}
		if _, err := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT); err != nil {
			s.noSegments.Store(true)
		}
	})
}
