//go:build linux

package main

import (
	"strconv"
	"time"
)

// A load is one way to run coturn's turnutils_uclient.
type load struct {
	name     string
	clients  int
	messages int           // of each client
	size     int           // of a message, in bytes
	interval time.Duration // between the messages of one client
	pairs    bool          // clients send to each other, from relay to relay, and not to a peer that sends back
}

// loads are those of the table. The flooded ones offer more than two cores can carry, so they show what gets through and what that
// costs; the others are what a server should carry without loss. The quiet one leaves it asleep for much of the time, and the idle one for
// nearly all of it: then waking up is what a datagram costs. Those two are so long because the clients begin up to 5 s after each other: what a datagram costs falls
// with the load, and most of them must come under the one that the row is about.
func loads() []load {
	return []load{
		{name: "100 clients, 1,000 B, idle", clients: 100, messages: 200, size: 1000, interval: 100 * time.Millisecond},
		{name: "100 clients, 1,000 B, quiet", clients: 100, messages: 2400, size: 1000, interval: 10 * time.Millisecond},
		{name: "100 clients, 1,000 B, busy", clients: 100, messages: 1500, size: 1000, interval: 4 * time.Millisecond},
		{name: "100 clients, 1,000 B, flooded", clients: 100, messages: 2000, size: 1000, interval: time.Millisecond},
		{name: "20 clients, 200 B", clients: 20, messages: 6000, size: 200, interval: time.Millisecond},
		{name: "20 relay to relay, 1,000 B", clients: 20, messages: 6000, size: 1000, interval: time.Millisecond, pairs: true},
		{name: "1 client, 1,000 B, flooded", clients: 1, messages: 100_000, size: 1000, interval: 0},
	}
}

// total is how many messages the clients send together.
func (l load) total() int { return l.clients * l.messages }

// hops is how often the server relays a message that arrives: to the peer and back, or from a client to another.
func (l load) hops() int {
	if l.pairs {
		return 1
	}
	return 2
}

// offered is how many packets a second there are to relay when all clients send; infinite for those that do not wait.
func (l load) offered() float64 {
	return float64(l.clients*l.hops()) / l.interval.Seconds()
}

// rate is how many packets a second were relayed, at most what was offered: after a moment in which it could not send, the load
// generator makes up for it, and a server has not become faster by what was lost in that moment.
func (l load) rate(w *window) float64 { return min(w.rate()*float64(l.hops()), l.offered()) }

// uclientArgs is the command line of the load generator.
func (l load) uclientArgs(turn, peer int) []string {
	args := []string{
		"-c", // one relay for each client
		"-u", "bench", "-W", secret,
		"-p", strconv.Itoa(turn), "-e", loopback, "-r", strconv.Itoa(peer),
		"-m", strconv.Itoa(l.clients), "-n", strconv.Itoa(l.messages), "-l", strconv.Itoa(l.size),
		"-z", strconv.Itoa(int(l.interval.Milliseconds())),
	}
	if l.pairs {
		args = append(args, "-y")
	}
	return append(args, loopback)
}
