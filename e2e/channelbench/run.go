//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"path/filepath"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/signaling"
)

type remote struct {
	*rpc.Client
	p *process.Process
}

// startEnd starts a process that is an end.
func startEnd(ctx context.Context, dir, stack string) (*remote, error) {
	path := filepath.Join(dir, fmt.Sprint("s", time.Now().UnixNano()))
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := process.Start(ctx, process.Config{Path: self, Args: []string{"-end", path, "-stack", stack}, Stderr: os.Stderr})
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetDeadline(time.Now().Add(10 * time.Second))
	conn, err := l.Accept()
	if err != nil {
		return nil, err
	}
	return &remote{jsonrpc.NewClient(conn), p}, nil
}

func both(a, b *remote, am string, aa any, bm string, ba any) (fa, fb Figures, err error) {
	ca := a.Go(am, aa, &fa, nil)
	cb := b.Go(bm, ba, &fb, nil)
	for range 2 {
		select {
		case c := <-ca.Done:
			if c.Error != nil {
				return fa, fb, c.Error
			}
		case c := <-cb.Done:
			if c.Error != nil {
				return fa, fb, c.Error
			}
		}
	}
	return fa, fb, nil
}

func run(ctx context.Context, rounds int, only string) error {
	srv := signaling.New(signaling.Config{Authorize: signaling.AllowAnonymous("*"), Limits: signaling.Limits{Joins: 1 << 20}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	hs := &http.Server{Handler: srv}
	go hs.Serve(l)
	defer hs.Close()
	dir, _ := os.MkdirTemp("", "cb")
	defer os.RemoveAll(dir)
	url := "http://" + l.Addr().String()
	type key struct {
		s    string
		size int
	}
	got := map[key][]float64{}
	names := []string{"beckon", "pion"}
	if only != "" {
		names = []string{only}
	}
	sizes := []int{1 << 10, 16 << 10, 64 << 10, 256 << 10}
	if v := os.Getenv("SIZES"); v != "" {
		var n int
		fmt.Sscan(v, &n)
		sizes = []int{n, n, n, n}
	}
	for r := range rounds {
		for i := range names {
			name := names[(i+r)%len(names)]
			a, err := startEnd(ctx, dir, name)
			if err != nil {
				return err
			}
			b, err := startEnd(ctx, dir, name)
			if err != nil {
				return err
			}
			room := fmt.Sprint(name, r)
			ca := a.Go("End.Join", Place{url, room, true, 0}, &Figures{}, nil)
			time.Sleep(200 * time.Millisecond)
			if err := b.Call("End.Join", Place{url, room, false, 0}, &Figures{}); err != nil {
				return err
			}
			if c := <-ca.Done; c.Error != nil {
				return c.Error
			}
			for _, size := range sizes {
				count := 64 << 20 / size
				if size < 4096 {
					count /= 4
				}
				fa, fb, err := both(a, b, "End.Send", Load{size, count}, "End.Take", Load{size, count})
				if err != nil {
					return err
				}
				gb := float64(size*count) / 1e9
				cpu := (fa.CPU + fb.CPU).Seconds() / gb
				fmt.Printf("%s %d: %.0f MB/s %.1f CPU-s/GB (%.1f %.1f)\n", name, size, gb*1000/fa.Took.Seconds(), cpu, fa.CPU.Seconds()/gb, fb.CPU.Seconds()/gb)
				got[key{name, size}] = append(got[key{name, size}], cpu)
			}
			fa, _, err := both(a, b, "End.Ping", Load{64, 1000}, "End.Echo", Load{64, 1000})
			if err != nil {
				return err
			}
			fmt.Printf("%s rtt %v %v\n", name, quantile(fa.Samples, .5), quantile(fa.Samples, .99))
			a.Close()
			b.Close()
			<-a.p.Done()
			<-b.p.Done()
			a.p.Close()
			b.p.Close()
		}
	}
	for _, size := range sizes {
		fmt.Println(size, median(got[key{"beckon", size}]), median(got[key{"pion", size}]), median(got[key{"pion", size}])/median(got[key{"beckon", size}]))
	}
	return nil
}
