//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/e2e/benches"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/web"
	"github.com/gorilla/websocket"
)

// away is how long a datagram to a peer that is far takes: a round trip of 50 ms. The signaling server that is far stands half-way, so what
// a peer says to the other through it takes as long.
const away, toServer = 25 * time.Millisecond, 12500 * time.Microsecond

// options of a run.
type options struct {
	rounds int
	only   string
	node   string
}

// section is one kind of measurement.
type section struct {
	name    string
	measure func(b *bench, round int) error
	print   func(out io.Writer) error
}

func run(ctx context.Context, o options) error {
	if err := benches.CheckRounds(o.rounds); err != nil {
		return err
	}
	b := &bench{ctx: ctx, options: o}
	stop, err := b.serve()
	if err != nil {
		return err
	}
	defer stop()
	var chosen []section
	for _, s := range []section{newThroughput(b).section(), newOpening(b).section(), newMemory().section(), newChromium().section()} {
		if o.only == "" || strings.Contains(","+o.only+",", ","+s.name+",") {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("-only %q: choose from throughput, opening, memory and chromium", o.only)
	}
	warnings := warningsNow(o.rounds)
	warnOfNoise(warnings)
	begun := time.Now()
	b.begun = begun
	for round := range o.rounds {
		for _, s := range chosen {
			b.now = fmt.Sprintf("round %d of %d, %s", round+1, o.rounds, s.name)
			if err := s.measure(b, round); err != nil {
				return fmt.Errorf("%s: %w", b.now, err)
			}
		}
		if round == 0 && o.rounds > 1 {
			fmt.Fprintf(os.Stderr, "a round takes %v, so all of them some %v\n", b.gone(), b.gone()*time.Duration(o.rounds))
		}
	}
	fmt.Printf("%d rounds in %v; medians, and of ratios those of each round.\n", o.rounds, time.Since(begun).Round(time.Second))
	for _, s := range chosen {
		if err := s.print(os.Stdout); err != nil {
			return err
		}
	}
	warnOfNoise(warnings)
	return nil
}

// serve starts the signaling server, once near and once far.
func (b *bench) serve() (stop func(), err error) {
	if b.dir, err = os.MkdirTemp("", "channelbench"); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	signals := signaling.New(signaling.Config{
		Authorize: signaling.AllowAnonymous("*"),
		Origins:   []string{"*"}, // a page is of the near server, whichever it is to join
		// All ends come from one address, and there are many rooms one after the other.
		Limits: signaling.Limits{Joins: 1 << 20, PerAddress: 1 << 20},
	})
	mux := http.NewServeMux()
	mux.Handle("/", signals)
	mux.Handle("/sdk/", web.Handler())
	b.pages = make(chan *websocket.Conn, 1)
	servePage(mux, b.pages)
	h := &http.Server{Handler: mux}
	go h.Serve(l)
	f, err := newFar(l.Addr().String(), toServer)
	if err != nil {
		h.Close()
		return nil, err
	}
	b.server, b.far = "http://"+l.Addr().String(), "http://"+f.Addr().String()
	return func() {
		signals.Close()
		h.Close()
		f.Close()
		os.RemoveAll(b.dir)
	}, nil
}

// inTurn calls do for each variant, another one first in each round: who comes first finds a machine that has rested.
func (b *bench) inTurn(variants []variant, round int, do func(v variant) error) error {
	for i := range variants {
		v := variants[(i+round)%len(variants)]
		fmt.Fprintf(os.Stderr, "at %v: %s: %s\n", b.gone(), b.now, v.name)
		if err := do(v); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

func (b *bench) gone() time.Duration { return time.Since(b.begun).Round(time.Second) }
