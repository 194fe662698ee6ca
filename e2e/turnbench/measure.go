//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// patience bounds one load. The longest takes some 40 s here, of which 11 are the load generator's way to connect.
const patience = 2 * time.Minute

// errNothing is a load generator that has given up.
var errNothing = errors.New("nothing was relayed")

// measure runs one load against a fresh server. The load generator draws its channels' numbers, and now and then gives up because it
// has drawn one twice: so it gets three tries.
func measure(ctx context.Context, s server, l load) (f figures, err error) {
	for range 3 {
		if f, err = attempt(ctx, s, l); !errors.Is(err, errNothing) {
			break
		}
	}
	return f, err
}

func attempt(ctx context.Context, s server, l load) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "turnbench")
	if err != nil {
		return figures{}, err
	}
	defer os.RemoveAll(dir)
	p, port, err := s.start(ctx, dir)
	if err != nil {
		return figures{}, err
	}
	defer p.Close()
	peer, peerPort, err := startPeer(ctx)
	if err != nil {
		return figures{}, fmt.Errorf("the peer: %w", err)
	}
	defer peer.Close()

	out, in := io.Pipe()
	uclient, err := process.Start(ctx, process.Config{Path: "turnutils_uclient", Args: l.uclientArgs(port, peerPort), Stdout: in})
	if err != nil {
		return figures{}, err
	}
	defer uclient.Close()
	defer out.Close() // before uclient.Close: it must not wait for who reads no more
	go func() {
		<-uclient.Done()
		_ = in.Close()
	}()
	return watch(out, l, func() (time.Duration, error) { return cpu(p.PID) })
}

// watch reads what the load generator prints until all has been sent and nothing more arrives, and takes the CPU time of the
// server from when all clients had connected.
func watch(lines io.Reader, l load, cpu func() (time.Duration, error)) (figures, error) {
	var w window
	var begun, end time.Duration
	var last progress
	var said bytes.Buffer
	still := 0
	scan := bufio.NewScanner(lines)
	for scan.Scan() {
		fmt.Fprintln(&said, scan.Text())
		now, err := cpu()
		if err != nil {
			return figures{}, err
		}
		if bytes.Contains(scan.Bytes(), []byte("Total connect time")) {
			begun, end = now, now
		}
		p, ok := parse(scan.Text())
		if !ok {
			continue
		}
		if p.received > last.received {
			end, still = now, 0
		} else {
			still++
		}
		last = p
		w.add(time.Now(), p.received)
		// It waits 10 s for what was lost before it says more, and three of its lines are enough.
		if p.received >= l.total() || p.sent >= l.total() && still >= 3 {
			break
		}
	}
	if last.received == 0 {
		return figures{}, fmt.Errorf("%w; the load generator said:\n%s", errNothing, tail(said.Bytes(), 2000))
	}
	relayed := float64(last.received * l.hops())
	return figures{
		rate: l.rate(&w),
		loss: 1 - float64(last.received)/float64(last.sent),
		cpu:  (end - begun).Seconds() * 1e6 / relayed,

		received: last.received,
	}, nil
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// cpu is what a process has used so far, user and system, in steps of 10 ms: proc(5), where the fields after the name, which may
// hold anything, are counted from its closing parenthesis.
func cpu(pid int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("the server has gone: %w", err)
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is not as proc(5) says")
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * (time.Second / 100), errors.Join(err1, err2)
}
