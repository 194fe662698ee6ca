//go:build !linux

package udpbatch

import "net"

type joining struct{}

func (j *Joined) init() {}

// Joiner reads one socket, where the kernel puts datagrams together.
type Joiner struct{}

// Joiner returns false: no other system puts together what comes and cuts apart what is sent.
func (s *Socket) Joiner(*Spare[Joined]) (j *Joiner, ok bool) { return nil, false }

// Receive is never called: there is no Joiner.
func (j *Joiner) Receive() (*Joined, error) { return nil, net.ErrClosed }

// Try is never called either.
func (j *Joiner) Try() *Joined { return nil }
