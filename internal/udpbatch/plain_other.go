//go:build !linux

package udpbatch

import "net/netip"

// What Linux has beyond one datagram in a call.
type (
	system      struct{}
	sender      struct{}
	destination struct{}
)

func (in *Inbox) init()                         {}
func (o *Outbox) init(int)                      {}
func (d *destination) set(bool, netip.AddrPort) {}

// probe finds a connection that is closed.
func (s *Socket) probe() error { return s.raw.Control(func(uintptr) {}) }

func (s *Socket) serve(in *Inbox, do func() bool) error { return s.servePlain(in, do) }

func (o *Outbox) flush() (dropped int) {
	for _, l := range o.lanes {
		for i := l.head; i != 0; i = o.packets[i].next {
			if !l.sendOne(o.packets[i].p) {
				dropped++
			}
		}
	}
	return dropped
}
