package signaling

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// An answer that is lost is had again, and what has arrived is not kept.
func TestALostAnswerLosesNothing(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		p := w.raw()
		id, cursor := p.opens()
		if cursor != 1 {
			t.Errorf("cursor %d after the welcome", cursor)
		}
		p.sends(id, 1, `{"type":"ping","t":1}`)
		head, first := p.polls(pollBody(id, 1))
		if head.Cursor != 2 || head.Carrier != "" || len(first) != 1 {
			t.Errorf("%+v %q", head, first)
		}
		p.sends(id, 2, `{"type":"ping","t":2}`)
		head, again := p.polls(pollBody(id, 1))
		if head.Cursor != 3 || len(again) != 2 || again[0] != first[0] || !has(again[1], `"t":2`) {
			t.Errorf("%+v %q", head, again)
		}
		p.refusal("poll", pollBody(id, 4), 409, protocol.CodeStaleRequest)
		p.sends(id, 3, `{"type":"ping","t":3}`)
		if head, lines := p.polls(pollBody(id, 3)); head.Cursor != 4 || len(lines) != 1 {
			t.Errorf("%+v %q", head, lines)
		}
		p.refusal("poll", pollBody(id, 2), 409, protocol.CodeStaleRequest)
		k := w.s.carrierOf(id).(*poll)
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(k.lines) != 1 || k.bytes != len(k.lines[0]) || k.acked != 3 {
			t.Errorf("%d lines of %d bytes are kept behind %d", len(k.lines), k.bytes, k.acked)
		}
	})
}

// One poll waits at a time. With nothing to say it is answered at a heartbeat's time; one that is cancelled is a client that has gone.
func TestPollsThatWait(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		p := w.raw()
		id, cursor := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		head, _ := p.polls(pollBody(id, cursor))
		start := time.Now()
		var older sync.WaitGroup
		older.Go(func() { p.refusal("poll", pollBody(id, head.Cursor), 409, protocol.CodeStaleRequest) })
		synctest.Wait()
		if again, lines := p.polls(pollBody(id, head.Cursor)); again.Cursor != head.Cursor || len(lines) != 0 || time.Since(start) != 15*time.Second {
			t.Errorf("%+v %q after %v", again, lines, time.Since(start))
		}
		older.Wait()
		ctx, cancel := context.WithCancel(p.ctx)
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://beckon.test/v1/poll", strings.NewReader(pollBody(id, head.Cursor)))
		older.Go(func() { p.http.RoundTrip(req) })
		synctest.Wait()
		cancel()
		older.Wait()
		ada.event(protocol.EventAway)
		p.refusal("poll", pollBody(id, head.Cursor), 404, protocol.CodeUnknownCarrier)
		p.refusal("send", sendBody(id, 2), 404, protocol.CodeUnknownCarrier)
	})
}

// Who polls no more is away when it has been silent for too long, though nothing broke.
func TestAPollerThatStops(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		p := w.raw()
		id, _ := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		start := time.Now()
		ada.silentFor(25 * time.Second)
		ada.event(protocol.EventAway)
		if d := time.Since(start); d != 25*time.Second {
			t.Errorf("after %v", d)
		}
		synctest.Wait()
		// The reason waits for it a while longer.
		if _, lines := p.polls(pollBody(id, 1)); len(lines) != 2 || !has(lines[1], `{"type":"close","code":4001,"reason":"heartbeat-timeout"}`) {
			t.Errorf("%q", lines)
		}
	})
}

// silentFor waits for so long in which no frame comes.
func (c *client) silentFor(d time.Duration) {
	c.t.Helper()
	time.Sleep(d - time.Nanosecond)
	c.quiet()
}

// What others say and who does not fetch it costs a bounded amount of memory, and the others nothing.
func TestAPollerThatFetchesNothing(t *testing.T) {
	inWorld(t, Config{Limits: Limits{QueueFrames: 64, QueueBytes: 64 << 10, Rate: 1e6, Burst: 1e6}}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		p := w.raw()
		id, _ := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		for n := range uint64(1000) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		k := w.s.carrierOf(id).(*poll)
		k.mu.Lock()
		kept := k.bytes
		k.mu.Unlock()
		k.conn.mu.Lock()
		waiting := k.conn.bytes
		k.conn.mu.Unlock()
		if kept > 64<<10 || waiting > 64<<10 || kept+waiting < 64<<10 {
			t.Errorf("%d bytes are kept, %d wait", kept, waiting)
		}
		// It lags now: what it gets is what fitted, and then a snapshot.
		cursor, gap := uint64(1), false
		for range 20 {
			head, lines := p.polls(pollBody(id, cursor))
			cursor = head.Cursor
			gap = gap || has(strings.Join(lines, ""), `"gap":true`)
		}
		if !gap {
			t.Error("no snapshot")
		}
		// Who makes no room for as long as a write may take is given up.
		for n := range uint64(1000) {
			ada.shout(n + 1001)
			ada.event(protocol.EventMessage)
		}
		time.Sleep(10 * time.Second)
		ada.event(protocol.EventAway)
	})
}

// Who asks for the same lines again and again and reads none of the answers has one answer at a time: each cuts off the one before.
func TestAnswersThatNobodyReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, Config{Authorize: AllowAnonymous("*"), Limits: Limits{Rate: 1e6, Burst: 1e6}}, 4096)
		ada, _ := w.in("tea")
		p := w.raw()
		id, cursor := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		for n := range uint64(100) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		body := pollBody(id, cursor)
		var conns []net.Conn
		for range 20 {
			conn, err := w.l.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /v1/poll HTTP/1.1\r\nHost: beckon.test\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			synctest.Wait()
			conns = append(conns, conn)
		}
		for i, conn := range conns[:19] {
			if n, err := io.Copy(io.Discard, conn); n > 10_000 || err != nil {
				t.Errorf("answer %d goes on: %d bytes, %v", i, n, err)
			}
		}
		if head, lines := p.polls(body); len(lines) < 100 || head.Cursor != cursor+uint64(len(lines)) {
			t.Errorf("%+v with %d lines", head, len(lines))
		}
	})
}
