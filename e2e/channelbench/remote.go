//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/gorilla/websocket"
)

// patience bounds the start of an end, and one load, so that what hangs is an error.
const patience = 90 * time.Second

// remote is an end, in its process.
type remote struct {
	client *rpc.Client
	p      *process.Process
}

// bench is what all parts of a run share.
type bench struct {
	ctx     context.Context
	options options
	dir     string               // for sockets
	server  string               // the signaling server
	far     string               // the same, half-way to a peer that is far
	pages   chan *websocket.Conn // the sockets of those that browsers have opened
	ends    int                  // that were started
	rooms   int                  // that were named
	begun   time.Time
	now     string // what is being measured
}

// variant is a stack, and how its processes are started.
type variant struct {
	name  string
	stack string // of a Go end
	page  string // of an end in a page
	npm   string // the package of an end in Node
	env   []string
}

// folder is that of the package, below node_modules.
func (v variant) folder() string {
	parts := strings.Split(v.npm, "/")
	if strings.HasPrefix(v.npm, "@") {
		return filepath.Join(parts[:2]...)
	}
	return parts[0]
}

// start starts an end.
func (b *bench) start(v variant) (*remote, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.startProgram(v, self, "-stack", v.stack, "-end")
}

// startProgram starts a program that is an end, with the address as the last argument.
func (b *bench) startProgram(v variant, path string, args ...string) (*remote, error) {
	b.ends++
	address := filepath.Join(b.dir, strconv.Itoa(b.ends))
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	p, err := process.Start(b.ctx, process.Config{Path: path, Args: append(args, address), Env: append(os.Environ(), v.env...)})
	if err != nil {
		return nil, err
	}
	if err = l.SetDeadline(time.Now().Add(patience)); err == nil {
		var conn net.Conn
		if conn, err = l.Accept(); err == nil {
			return &remote{jsonrpc.NewClient(conn), p}, nil
		}
	}
	p.Close()
	return nil, fmt.Errorf("%s did not start: %w; it said %q", v.name, err, p.Stderr())
}

// pair starts two, and closes them when do returns.
func (b *bench) pair(v variant, do func(first, second *remote) error) error {
	first, err := b.start(v)
	if err != nil {
		return err
	}
	defer first.close()
	second, err := b.start(v)
	if err != nil {
		return err
	}
	defer second.close()
	return do(first, second)
}

func (r *remote) close() {
	_ = r.client.Close()
	r.p.Close()
}

// cpuOf is what both have used so far.
func cpuOf(ends ...*remote) (sum time.Duration, err error) {
	for _, end := range ends {
		var cpu time.Duration
		if err := end.call("Used", Load{}, &cpu); err != nil {
			return 0, err
		}
		sum += cpu
	}
	return sum, nil
}

// call asks an end to do something.
func (r *remote) call(method string, args, reply any) error {
	return await(r.client.Go("End."+method, args, reply, make(chan *rpc.Call, 1)))
}

var errHangs = errors.New("it hangs")

func await(call *rpc.Call) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-call.Done:
		if call.Error != nil {
			return fmt.Errorf("%s: %w", call.ServiceMethod, call.Error)
		}
		return nil
	case <-timer.C:
		return fmt.Errorf("%s: %w", call.ServiceMethod, errHangs)
	}
}

// both asks two ends to do the two sides of a load.
func both(a, b *remote, does, answers string, l Load) (fa, fb Figures, err error) {
	other := b.client.Go("End."+answers, l, &fb, make(chan *rpc.Call, 1))
	if err = a.call(does, l, &fa); err == nil {
		err = await(other)
	}
	return fa, fb, err
}

// room names another one.
func (b *bench) room() string {
	b.rooms++
	return fmt.Sprint("bench-", os.Getpid(), "-", b.rooms)
}

// connect opens a channel between two ends in a room of their own. The parts are those of the second, which comes when the first is there.
func (b *bench) connect(first, second *remote, to Place) (parts Parts, err error) {
	to.Room = b.room()
	if err := first.call("Enter", to, nil); err != nil {
		return parts, err
	}
	waits := first.client.Go("End.Await", Load{}, nil, make(chan *rpc.Call, 1))
	if err = second.call("Join", to, &parts); err == nil {
		err = await(waits)
	}
	return parts, err
}

// part leaves again.
func part(ends ...*remote) error {
	for _, end := range ends {
		if err := end.call("Leave", Load{}, nil); err != nil {
			return err
		}
	}
	return nil
}
