// Package udpbatch sends and receives UDP datagrams by the batch. A system call for each datagram is most of what a relay
// costs; with it
//
//   - an Inbox receives as many as are there in one call (recvmmsg);
//   - an Outbox gathers what is to be sent, and sends it in one call for each socket (sendmmsg), in which a run of datagrams of
//     one size to one destination is one message that the kernel, or the network card, cuts apart (UDP_SEGMENT). That saves the
//     way through the network stack, which costs more than the system call;
//   - a Poller reads many sockets in one goroutine, where a goroutine for each would be woken for each datagram.
//
// Nothing waits for a batch to fill: Receive returns what is there, and what was gathered is sent by Flush, which whoever
// gathers calls before it waits for anything. Datagrams of one Lane leave in the order in which they were added.
//
// All of that is Linux's. Elsewhere, and where the kernel refuses one of the calls (an old one, a sandbox, a device without
// checksums), the same interface makes the calls that always work. A refusal is remembered, so it costs one failed call.
//
// Nothing is allocated for a datagram.
//
//	goroutine    owns                                          ends
//	Poller.run   reading the sockets that were added to it,    when Close is called, which waits
//	             its Inbox, and calls their Handlers
//
// Where there is no such poller there is one goroutine for each socket instead, which ends when the socket is closed; they call
// the Handlers one at a time, as the one would.
package udpbatch
