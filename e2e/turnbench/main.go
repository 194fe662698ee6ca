//go:build linux

// Turnbench measures Beckon's relay beside coturn's, on one machine and in one run, with coturn's own load generator:
//
//	go run ./e2e/turnbench -beckon bin/beckon -rounds 5
//
// Each round runs every load of loads.go against both servers, one after the other, the first of them changing from round
// to round. The table has the medians over the rounds, and the ratios, which are what can be trusted on a machine that does
// other things as well. Everything is bound to loopback.
//
//	goroutine            owns                                       ends
//	process (package)    a server, the peer or the load generator   when that has ended; measure closes each
//	in measure           what the load generator prints: closes it  when the load generator has ended
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/e2e/benches"
)

func main() {
	beckon := flag.String("beckon", "bin/beckon", "the program whose `turn` command to measure")
	rounds := flag.Int("rounds", 5, "of every load, for each server")
	only := flag.String("load", "", "only loads whose name holds this text")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *beckon, *rounds, *only); err != nil {
		fmt.Fprintln(os.Stderr, "turnbench:", err)
		os.Exit(1)
	}
}

// errNoCoturn is a sentence for who wants to run this and cannot yet.
var errNoCoturn = errors.New("coturn is not installed, and its server and its load generator are what this measures with: " +
	"on Debian, `apt-get install coturn` as root")

// installed says whether all of coturn's programs are there.
func installed() error {
	for _, program := range []string{"turnserver", "turnutils_uclient", "turnutils_peer"} {
		if _, err := exec.LookPath(program); err != nil {
			return errNoCoturn
		}
	}
	return nil
}

func run(ctx context.Context, beckon string, rounds int, only string) error {
	if err := installed(); err != nil {
		return err
	}
	if err := benches.CheckRounds(rounds); err != nil {
		return err
	}
	var chosen []load
	for _, l := range loads() {
		if strings.Contains(l.name, only) {
			chosen = append(chosen, l)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("-load %q: there is no such load", only)
	}
	began := time.Now()
	var results table
	for round := range rounds {
		for _, l := range chosen {
			for _, s := range order(beckon, round) {
				f, err := measure(ctx, s, l)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", s.name, l.name, err)
				}
				fmt.Fprintf(os.Stderr, "round %d of %d  %-28s %-7s %v\n", round+1, rounds, l.name, s.name, f)
				results.add(l.name, s.name, f)
			}
		}
	}
	fmt.Printf("%d rounds in %v; medians.\n\n", rounds, time.Since(began).Round(time.Second))
	return results.print(os.Stdout)
}

// order is both servers, the other one first in every other round: who comes first finds a machine that has rested.
func order(beckon string, round int) []server {
	both := []server{beckonServer(beckon), coturnServer()}
	if round%2 == 1 {
		both[0], both[1] = both[1], both[0]
	}
	return both
}
