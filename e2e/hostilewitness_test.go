//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// witness is a peer that does what peers do while others attack the server. It sends nothing again: what is lost or doubled shows.
type witness struct {
	*link
	others []*witness

	mu      sync.Mutex
	said    uint64            // to each of the others; guarded by mu, as all below
	toRoom  uint64            // to the room
	heard   map[string]uint64 // by peer: the number of its newest signal
	inRoom  map[string]uint64 // of its newest room message
	noticed []string          // what should not have been
	last    time.Time         // when something came
	silence time.Duration     // the longest
}

// watchers are the witnesses of a test.
type watchers struct {
	all  []*witness
	stop context.CancelFunc
	done sync.WaitGroup // who says something
	read sync.WaitGroup
}

// watchOver lets three witnesses, one for each carrier, meet in a room and talk from now on.
func watchOver(t *testing.T, c *caller) *watchers {
	t.Helper()
	w := &watchers{}
	for i, by := range ways() {
		own := c.with("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i+1))
		l, err := own.hello(t.Context(), by, helloOf(""))
		if err == nil {
			t.Cleanup(l.Close)
			err = l.join("witnesses")
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, earlier := range w.all {
			if got, codes := earlier.until(ofType(protocol.TypeEvent)); len(codes) > 0 || got.Kind != string(protocol.EventJoined) {
				t.Fatalf("a witness: %s %q", got.raw, codes)
			}
		}
		w.all = append(w.all, &witness{link: l, heard: map[string]uint64{}, inRoom: map[string]uint64{}, last: time.Now()})
	}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	t.Cleanup(stop)
	for i, one := range w.all {
		one.others = append(append(one.others, w.all[:i]...), w.all[i+1:]...)
		w.read.Go(one.listen)
		w.done.Go(func() { one.talk(ctx) })
	}
	return w
}

// talk says something every tenth of a second: to each of the others, and to the room.
func (w *witness) talk(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		w.mu.Lock()
		w.said++
		n := w.said
		w.toRoom++
		w.mu.Unlock()
		frames := []string{fmt.Sprintf(`{"type":"message","room":"witnesses","n":%d,"data":%d}`, n, n)}
		for _, other := range w.others {
			frames = append(frames, fmt.Sprintf(`{"type":"signal","room":"witnesses","to":%q,"toInstance":%q,"n":%d,"data":{"x":%d}}`,
				other.peer, other.instance, n, n))
		}
		if refusal := w.say(frames...); refusal != "" {
			w.note("refused: " + refusal)
			return
		}
	}
}

// listen checks what comes: the next number of each of the others and of the room, and nothing else.
func (w *witness) listen() {
	for {
		got, ok := w.next()
		if !ok {
			if w.ctx.Err() == nil {
				w.note("the connection ended: " + w.ended())
			}
			return
		}
		w.mu.Lock()
		now := time.Now()
		w.silence, w.last = max(w.silence, now.Sub(w.last)), now
		w.mu.Unlock()
		switch {
		case got.Type == string(protocol.TypeSignal):
			w.expect(w.heard, got.From, got.N, got)
		case got.Type == string(protocol.TypeEvent) && got.Kind == string(protocol.EventMessage):
			w.expect(w.inRoom, got.Peer, got.N, got)
		default:
			w.note("surprised by " + got.raw)
		}
	}
}

func (w *witness) expect(heard map[string]uint64, from string, n uint64, got line) {
	w.mu.Lock()
	known := from == w.peer
	for _, other := range w.others {
		known = known || from == other.peer
	}
	last := heard[from]
	heard[from] = n
	w.mu.Unlock()
	if !known || n != last+1 {
		w.note(fmt.Sprintf("after number %d of %s came %s", last, from, got.raw))
	}
}

func (w *witness) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noticed = append(w.noticed, what)
}

// report ends the talk, waits until all that was said has come, and fails the test for all that a witness noticed.
func (w *watchers) report(t *testing.T) string {
	t.Helper()
	w.stop()
	w.done.Wait()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !w.complete() && time.Now().Before(deadline) {
		<-tick.C
	}
	if !w.complete() {
		t.Error("witnesses: not all that was said has come")
	}
	for _, one := range w.all {
		one.cancel()
	}
	w.read.Wait()
	var signals, messages uint64
	var silence time.Duration
	for _, one := range w.all {
		signals += one.said * uint64(len(one.others))
		messages += one.toRoom
		silence = max(silence, one.silence)
		for i, what := range one.noticed {
			if i == 5 {
				t.Errorf("the witness over %s noticed %d more", one.way, len(one.noticed)-i)
				break
			}
			t.Errorf("the witness over %s: %s", one.way, what)
		}
	}
	if signals == 0 {
		t.Error("the witnesses said nothing")
	}
	return fmt.Sprintf("%d signals and %d room messages, each delivered once and in order, the longest silence %v",
		signals, messages, silence.Round(time.Millisecond))
}

// complete tells whether all has come that was said.
func (w *watchers) complete() bool {
	for _, one := range w.all {
		one.mu.Lock()
		said, toRoom := one.said, one.toRoom
		one.mu.Unlock()
		for _, reader := range w.all {
			reader.mu.Lock()
			ok := reader.inRoom[one.peer] == toRoom && (reader == one || reader.heard[one.peer] == said)
			reader.mu.Unlock()
			if !ok {
				return false
			}
		}
	}
	return true
}

// text is a JSON string.
func text(s string) string {
	quoted, _ := json.Marshal(s)
	return string(quoted)
}
