//go:build linux

// Channelbench measures our Go peers beside plain Pion with its default settings, on one machine and in one run:
//
//	go run ./e2e/channelbench -rounds 5
//
// Both ends of a channel are processes of their own, which do what this one asks them over net/rpc. Each round runs every load with
// every stack, one after the other, another one first each time. The tables have the medians over the rounds, and the ratios, which are
// what can be trusted on a machine that does other things as well. Everything is bound to this machine.
//
//	goroutine            owns                                      ends
//	process (package)    an end                                    when that has ended; remote.close closes it
//	rpc.Client           the connection to an end                  when that is closed
//	http.Server          the signaling server's connections        when run returns
//	far.accept, carry    the connections to a server that is far   when far is closed, which waits
//	watchedConn.run      what waits in a far socket                when the socket is closed, which waits
//	pionStack.follow     what is said to plain Pion's end          when the end leaves, which waits
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	end := flag.String("end", "", "be an end, and do what is asked at this socket: for this program's own use")
	name := flag.String("stack", "", "what that end is made of")
	rounds := flag.Int("rounds", 5, "of every load, with every stack")
	only := flag.String("only", "", "only these parts: throughput, opening, memory, chromium; all if empty")
	node := flag.String("node", "", "a folder with npm's node-datachannel, @roamhq/wrtc, or both, to measure beside; none if empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *end != "" {
		err = serveEnd(ctx, *end, *name)
	} else {
		err = run(ctx, options{rounds: *rounds, only: *only, node: *node})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "channelbench:", err)
		os.Exit(1)
	}
}
