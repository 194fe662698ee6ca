// Package burst is a UDP socket for Pion's ICE agent, through which a WebRTC connection sends and receives bursts.
//
// Pion hands over one DTLS record of some 1,250 bytes at a time, and takes one at a time. A system call for each of them, and on the way
// in also three goroutines that each wake the next, are most of what a data channel costs. With this socket
//
//   - large records are gathered until no more come, which takes a few rounds of the scheduler and no timer, and leave in one system
//     call that the kernel, or the network card, cuts apart (UDP_SEGMENT; package udpbatch);
//   - what the kernel has put together (UDP_GRO) is received in one call;
//   - records that came together are given to the reader together, as one datagram would be: a datagram may hold several (RFC 6347,
//     section 4.1.1), and Pion's DTLS takes them apart. So one round through its goroutines brings six.
//
// Anything that is not a large record of application data, a connectivity check or a handshake, say, is neither held back nor put
// together with others. Datagrams to one destination leave in the order in which they were written, and are read in the order in which
// they came.
//
// While there are bursts, a program with a small heap also gets a reserve that nobody uses, so that its garbage collector runs less often;
// see the type reserve.
//
// All of that is Linux's. Elsewhere the socket is the one that the net package makes, and where the kernel refuses one of the calls, it
// does what that one does.
//
//	goroutine    owns                                   ends
//	Conn.flush   the batch that waits, one per socket   when nothing more comes; Close waits for it
//	(a timer)    letting go of the reserve              a second or two after the last burst
package burst
