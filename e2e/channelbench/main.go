//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
)

func main() {
	end := flag.String("end", "", "be an end of a channel, and do what is asked at this socket; for this program's own use")
	stackName := flag.String("stack", "", "of which that end is made")
	rounds := flag.Int("rounds", 5, "of every load, for each stack")
	only := flag.String("only", "", "part")
	prof := flag.String("prof", "", "")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *end != "" {
		if p := os.Getenv("PROF"); p != "" {
			f, _ := os.Create(fmt.Sprintf("%s.%s.%d", p, *stackName, os.Getpid()))
			pprof.StartCPUProfile(f)
			defer pprof.StopCPUProfile()
		}
		err = serveEnd(ctx, *end, stacks()[*stackName])
	} else {
		_ = prof
		err = run(ctx, *rounds, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "channelbench:", err)
		pprof.StopCPUProfile()
		os.Exit(1)
	}
}

func stacks() map[string]stack {
	return map[string]stack{"beckon": &beckonStack{}, "pion": &pionStack{}}
}
