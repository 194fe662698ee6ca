package udpbatch

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// joining is the side of a Joined that the kernel sees.
type joining struct {
	hdr     unix.Msghdr
	iovec   unix.Iovec
	name    unix.RawSockaddrInet6 // room for either family's
	control [64]byte
}

func (j *Joined) init() {
	j.iovec.Base = &j.buf[0]
	j.iovec.SetLen(len(j.buf))
	j.hdr.Name = (*byte)(unsafe.Pointer(&j.name))
	j.hdr.Iov = &j.iovec
	j.hdr.SetIovlen(1)
	j.hdr.Control = &j.control[0]
}

// Joiner reads one socket. It belongs to one goroutine at a time.
type Joiner struct {
	sock *Socket
	from *Spare[Joined]
	// Made once: they would otherwise be allocated for each call.
	try  func(fd uintptr) bool
	once func(fd uintptr)

	got   *Joined
	errno syscall.Errno
}

// Joiner has the kernel put together what comes on the socket, which must be read by the Joiner alone from now on. ok is false where it
// does not, or does not cut apart what is sent. Memory for what was received is taken from a Spare, which many sockets may share, only while
// there is something: most of them are silent most of the time.
func (s *Socket) Joiner(from *Spare[Joined]) (j *Joiner, ok bool) {
	if s.noSegments.Load() {
		return nil, false
	}
	errno := error(unix.EBADF)
	if err := s.raw.Control(func(fd uintptr) {
		errno = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 1)
	}); err != nil || errno != nil {
		return nil, false
	}
	j = &Joiner{sock: s, from: from}
	j.try = j.receive
	j.once = func(fd uintptr) { j.receive(fd) }
	return j, true
}

// Receive waits for what comes. The caller puts it back into the Spare. The error is the socket's, as of net.UDPConn.ReadFrom.
func (j *Joiner) Receive() (*Joined, error) {
	err := j.sock.raw.Read(j.try)
	got := j.got
	j.got = nil
	if err == nil && j.errno != 0 {
		err = j.sock.failed(j.errno)
	}
	return got, err
}

// Try returns what is there, or nil. An error is left for the next Receive.
func (j *Joiner) Try() *Joined {
	if err := j.sock.raw.Control(j.once); err != nil {
		return nil
	}
	got := j.got
	j.got = nil
	return got
}

// receive is called by the runtime's poller with a socket that may be readable. There is memory for it only for that moment.
func (j *Joiner) receive(fd uintptr) (done bool) {
	m := takeJoined(j.from)
	m.hdr.Namelen = unix.SizeofSockaddrInet6
	m.hdr.SetControllen(len(m.control))
	var n uintptr
	for j.errno = unix.EINTR; j.errno == unix.EINTR; {
		n, _, j.errno = unix.RawSyscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&m.hdr)), unix.MSG_DONTWAIT)
	}
	if j.errno != 0 {
		j.from.Put(m)
		return j.errno != unix.EAGAIN
	}
	m.rest, m.size, m.From = m.buf[:n], int(n), source(&m.name)
	m.split()
	j.got = m
	return true
}

// split finds the size of the datagrams in the control message of udp(7)'s UDP_GRO, which is there only if they are several.
func (j *Joined) split() {
	const header = unix.SizeofCmsghdr
	for rest := j.control[:j.hdr.Controllen]; len(rest) >= header; {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&rest[0]))
		if h.Len < header || int(h.Len) > len(rest) {
			return
		}
		if h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && h.Len >= header+4 {
			if size := int(binary.NativeEndian.Uint32(rest[header:])); size > 0 {
				j.size = size
			}
			return
		}
		rest = rest[min(unix.CmsgSpace(int(h.Len)-header), len(rest)):]
	}
}
