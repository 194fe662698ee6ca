//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// wire is an open channel, as far as a load needs it.
type wire interface {
	send(ctx context.Context, message []byte) error
	recv(ctx context.Context) ([]byte, error)
}

// stack is what an end is made of.
type stack interface {
	// enter joins the room, and notes when that is done. What passes is seen by at, if the place is watched.
	enter(ctx context.Context, to Place, at *moments) error
	// meet returns a channel: from whoever comes, for the end that was first, and otherwise to whoever was there.
	meet(ctx context.Context, first bool) (wire, error)
	// host lets everybody connect who asks from now on, and visit connects to who was there first, in a room that is a Crowd.
	host(ctx context.Context)
	visit(ctx context.Context) error
	// leave closes everything.
	leave() error
}

func newStack(name string) (stack, error) {
	switch name {
	case "beckon":
		return &beckonStack{}, nil
	case "pion":
		return &pionStack{}, nil
	}
	return nil, fmt.Errorf("there is no stack %q", name)
}

// Place is where ends meet.
type Place struct {
	URL, Room string
	Crowd     bool          // only visitors connect, and only to the host
	Watch     bool          // look at what passes: see moments
	Delay     time.Duration // of each datagram, one way; only with Watch
	Alone     bool          // what comes is late as well: the other end's sockets are out of reach
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
	ctx    context.Context
	name   string
	stacks []stack
	wire   wire
}

// serveEnd is the main of such a process: it does what it is asked at the address, until that connection ends.
func serveEnd(ctx context.Context, address, name string) error {
	conn, err := net.Dial("unix", address)
	if err != nil {
		return err
	}
	server, end := rpc.NewServer(), &End{ctx: ctx, name: name}
	if err := server.Register(end); err != nil {
		return err
	}
	server.ServeCodec(jsonrpc.NewServerCodec(conn))
	return end.Leave(Load{}, nil)
}

func (e *End) another() (stack, error) {
	s, err := newStack(e.name)
	if err == nil {
		e.stacks = append(e.stacks, s)
	}
	return s, err
}

// Enter joins a room.
func (e *End) Enter(to Place, _ *struct{}) error {
	s, err := e.another()
	if err != nil {
		return err
	}
	return s.enter(e.ctx, to, nil)
}

// Await gets a channel from who comes into it.
func (e *End) Await(Load, *struct{}) (err error) {
	e.wire, err = e.stacks[len(e.stacks)-1].meet(e.ctx, true)
	return err
}

// Join joins a room and opens a channel to who is there.
func (e *End) Join(to Place, parts *Parts) error {
	s, err := e.another()
	if err != nil {
		return err
	}
	at := moments{begun: time.Now()}
	if err = s.enter(e.ctx, to, &at); err != nil {
		return err
	}
	if e.wire, err = s.meet(e.ctx, false); err == nil {
		*parts = at.parts(time.Now())
	}
	return err
}

// Host lets everybody connect who comes into a room.
func (e *End) Host(to Place, _ *struct{}) error {
	s, err := e.another()
	if err == nil {
		err = s.enter(e.ctx, to, nil)
	}
	if err == nil {
		s.host(e.ctx)
	}
	return err
}

// Visit makes such a connection.
func (e *End) Visit(to Place, _ *struct{}) error {
	s, err := e.another()
	if err == nil {
		err = s.enter(e.ctx, to, nil)
	}
	if err == nil {
		err = s.visit(e.ctx)
	}
	return err
}

// Memory is what this process has in use when the garbage is gone.
type Memory struct {
	Bytes      uint64 // of heap and stacks
	Goroutines int
}

// Measure looks at it.
func (e *End) Measure(_ Load, m *Memory) error {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one leaves what pools still hold
	runtime.ReadMemStats(&stats)
	*m = Memory{stats.HeapAlloc + stats.StackInuse, runtime.NumGoroutine()}
	return nil
}

// Used is the CPU time of this process so far.
func (e *End) Used(_ Load, cpu *time.Duration) error {
	*cpu = used()
	return nil
}

// Leave closes everything, all at once: delivering what was sent takes its time.
func (e *End) Leave(Load, *struct{}) error {
	e.wire = nil
	errs := make([]error, len(e.stacks))
	var all sync.WaitGroup
	for i, s := range e.stacks {
		all.Go(func() { errs[i] = s.leave() })
	}
	all.Wait()
	e.stacks = nil
	return errors.Join(errs...)
}

// used is the CPU time of this process so far.
func used() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // it has no reason to fail
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
