//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"syscall"
	"time"
)

// wire is an open channel, as far as a load needs it.
type wire interface {
	send(ctx context.Context, message []byte) error
	recv(ctx context.Context) ([]byte, error)
}

// stack makes channels.
type stack interface {
	// join joins the room and returns a channel to who else is there. Of two that do so, first says which was asked first.
	join(ctx context.Context, to Place) (wire, error)
	// leave closes everything.
	leave() error
}

// Place is where two ends meet.
type Place struct {
	URL, Room string
	First     bool
	Delay     time.Duration // of each datagram between the ends, one way
}

// Load is what an end is to do.
type Load struct {
	Size  int // bytes of a message
	Count int // messages
}

// Figures are what it came to.
type Figures struct {
	Took    time.Duration
	CPU     time.Duration   // of this process, user and system
	Samples []time.Duration // one for each message, where each waits for an answer
}

// End is one of the two processes. Its methods are called over net/rpc, one at a time, by the process that measures.
type End struct {
	ctx   context.Context
	stack stack
	wire  wire
}

// serveEnd is the main of such a process: it does what it is asked at the address, until that connection ends.
func serveEnd(ctx context.Context, address string, s stack) error {
	conn, err := net.Dial("unix", address)
	if err != nil {
		return err
	}
	server := rpc.NewServer()
	if err := server.Register(&End{ctx: ctx, stack: s}); err != nil {
		return err
	}
	server.ServeCodec(jsonrpc.NewServerCodec(conn))
	return s.leave()
}

// Join opens a channel. Took is from the call of join until it is open.
func (e *End) Join(to Place, f *Figures) error {
	return e.measure(f, func() (err error) {
		e.wire, err = e.stack.join(e.ctx, to)
		return err
	})
}

// Leave closes it.
func (e *End) Leave(struct{}, *struct{}) error {
	e.wire = nil
	return e.stack.leave()
}

// Send sends messages, and is done when the other end says that it has all of them.
func (e *End) Send(l Load, f *Figures) error {
	message := make([]byte, l.Size)
	for i := range message {
		message[i] = byte(i)
	}
	return e.measure(f, func() error {
		for range l.Count {
			if err := e.wire.send(e.ctx, message); err != nil {
				return err
			}
		}
		_, err := e.wire.recv(e.ctx)
		return err
	})
}

// Take is the other side of Send.
func (e *End) Take(l Load, f *Figures) error {
	return e.measure(f, func() error {
		for range l.Count {
			message, err := e.wire.recv(e.ctx)
			if err != nil {
				return err
			}
			if len(message) != l.Size {
				return fmt.Errorf("a message of %d bytes came as %d", l.Size, len(message))
			}
		}
		return e.wire.send(e.ctx, []byte("all"))
	})
}

// Ping sends messages, each when the answer to the one before is there.
func (e *End) Ping(l Load, f *Figures) error {
	message := make([]byte, l.Size)
	return e.measure(f, func() error {
		for range l.Count {
			sent := time.Now()
			if err := e.wire.send(e.ctx, message); err != nil {
				return err
			}
			if _, err := e.wire.recv(e.ctx); err != nil {
				return err
			}
			f.Samples = append(f.Samples, time.Since(sent))
		}
		return nil
	})
}

// Echo is the other side of Ping.
func (e *End) Echo(l Load, f *Figures) error {
	return e.measure(f, func() error {
		for range l.Count {
			message, err := e.wire.recv(e.ctx)
			if err == nil {
				err = e.wire.send(e.ctx, message)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *End) measure(f *Figures, do func() error) error {
	begun, cpu := time.Now(), used()
	err := do()
	f.Took, f.CPU = time.Since(begun), used()-cpu
	return err
}

// used is the CPU time of this process so far.
func used() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // it has no reason to fail
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

var errNobody = errors.New("the room ended before anybody else was in it")
