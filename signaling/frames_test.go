package signaling

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestRefusedFramesLeaveTheConnectionAlive(t *testing.T) {
	for name, c := range map[string]struct {
		say  string
		code protocol.ErrorCode
		id   uint64
	}{
		"no JSON":           {`{"type":`, protocol.CodeBadFrame, 0},
		"no type":           {`{"id":1}`, protocol.CodeBadFrame, 1},
		"unknown type":      {`{"type":"later","id":2}`, protocol.CodeUnknownType, 2},
		"the server's":      {`{"type":"welcome","id":3}`, protocol.CodeBadFrame, 3},
		"bad room":          {`{"type":"join","id":4,"room":"a/b"}`, protocol.CodeBadRoom, 4},
		"bad attributes":    {`{"type":"join","id":5,"room":"a","attributes":[]}`, protocol.CodeBadFrame, 5},
		"large attributes":  {`{"type":"join","id":6,"room":"a","attributes":{"a":"` + strings.Repeat("x", 4096) + `"}}`, protocol.CodeBadFrame, 6},
		"large update":      {`{"type":"update","id":7,"room":"tea","attributes":{"a":"` + strings.Repeat("x", 4096) + `"}}`, protocol.CodeBadFrame, 7},
		"leave elsewhere":   {`{"type":"leave","id":8,"room":"a"}`, protocol.CodeNotInRoom, 8},
		"update elsewhere":  {`{"type":"update","id":9,"room":"a","attributes":{}}`, protocol.CodeNotInRoom, 9},
		"message elsewhere": {`{"type":"message","id":10,"room":"a","n":1,"data":1}`, protocol.CodeNotInRoom, 10},
		"message, no n":     {`{"type":"message","id":11,"room":"tea","data":1}`, protocol.CodeBadFrame, 11},
		"message, after n":  {`{"type":"message","id":18,"room":"tea","n":2,"after":2,"data":1}`, protocol.CodeBadFrame, 18},
		"message, no data":  {`{"type":"message","id":12,"room":"tea","n":1}`, protocol.CodeBadFrame, 12},
		"message, no room":  {`{"type":"message","id":13,"n":1,"data":1}`, protocol.CodeBadRoom, 13},
		"signal elsewhere":  {`{"type":"signal","id":14,"room":"a","to":"x","toInstance":"y","n":1,"data":1}`, protocol.CodeNotInRoom, 14},
		"signal, no n":      {`{"type":"signal","id":15,"room":"tea","to":"x","toInstance":"y","data":1}`, protocol.CodeBadFrame, 15},
		"ack elsewhere":     {`{"type":"ack","room":"a","position":1}`, protocol.CodeNotInRoom, 0},
		"from is not yours": {`{"type":"signal","id":16,"room":"tea","from":"eve","to":"x","toInstance":"y","n":1,"data":1}`, protocol.CodeBadFrame, 16},
		"nor fromInstance":  {`{"type":"receipt","id":17,"room":"tea","fromInstance":"e","to":"x","toInstance":"y","n":1}`, protocol.CodeBadFrame, 17},
		"ping of a string":  {`{"type":"ping","t":"x"}`, protocol.CodeBadFrame, 0},
	} {
		t.Run(name, func(t *testing.T) {
			overAll(t, Config{}, func(t *testing.T, w *world) {
				other, _ := w.in("tea")
				cl, _ := w.in("tea")
				other.event(protocol.EventJoined)
				cl.raw(c.say)
				if e := cl.refused(c.code); e.ID != c.id {
					t.Errorf("%+v", e)
				}
				cl.alive()
				other.quiet()
				if n := w.s.Stats().Errors[c.code]; n != 1 {
					t.Errorf("counted %d", n)
				}
			})
		})
	}
}

func TestFatalFrames(t *testing.T) {
	for name, c := range map[string]struct {
		kind int
		say  string
		code protocol.CloseCode
	}{
		"binary":        {websocket.BinaryMessage, `{"type":"ping"}`, protocol.CloseBinaryFrame},
		"one byte over": {websocket.TextMessage, `{"type":"ping","x":"` + strings.Repeat("x", 65536-21) + `"}`, protocol.CloseFrameTooLarge},
		// Larger than what the network holds: the client still sends when it is told.
		"far over": {websocket.TextMessage, strings.Repeat("x", 1<<20), protocol.CloseFrameTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(t *testing.T, w *world) {
				other, _ := w.in("tea")
				cl, _ := w.in("tea")
				other.event(protocol.EventJoined)
				// It may be told before it has written everything; what counts is that it is told.
				if err := cl.ws.WriteMessage(c.kind, []byte(c.say)); err != nil && !errors.Is(err, websocket.ErrCloseSent) {
					t.Fatal(err)
				}
				cl.ends(c.code)
				other.event(protocol.EventAway)
				other.alive()
			})
		})
	}
}

func TestTheLargestFrameIsAllowed(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		c := w.session()
		frame := `{"type":"ping","x":"` + strings.Repeat("x", 65536-22) + `"}`
		if len(frame) != 65536 {
			t.Fatal(len(frame))
		}
		c.raw(frame)
		next[protocol.Pong](c)
	})
}

// A frame that comes in fragments is limited as a whole.
func TestFragments(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		c := w.session()
		out, err := c.ws.NextWriter(websocket.TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		for range 70 {
			if _, err := out.Write([]byte(strings.Repeat(" ", 1024))); err != nil {
				t.Fatal(err)
			}
		}
		out.Close()
		c.ends(protocol.CloseFrameTooLarge)
	})
}

func TestTooManyRefusedFrames(t *testing.T) {
	overAll(t, Config{Limits: Limits{Burst: 10_000}}, func(t *testing.T, w *world) {
		c := w.session()
		for range 10 {
			c.alive() // what was accepted counts against what is refused
		}
		for range 110 {
			c.raw(`{"type":"nonsense"}`)
			c.refused(protocol.CodeUnknownType)
		}
		c.raw(`{"type":"nonsense"}`)
		c.refused(protocol.CodeUnknownType)
		c.ends(protocol.CloseTooManyErrors)
	})
}

// Whoever writes to a peer that has gone is not at fault.
func TestOthersGoingIsNoFault(t *testing.T) {
	overAll(t, Config{Limits: Limits{Refused: 3, Burst: 10_000}}, func(t *testing.T, w *world) {
		c, _ := w.in("tea")
		other := w.session()
		for n := range uint64(20) {
			c.signal("tea", other, n+1)
			c.refused(protocol.CodeUnknownPeer)
		}
		c.alive()
	})
}

func TestRate(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		c := w.session()
		for range 200 {
			c.alive()
		}
		c.raw(`{"type":"ping","id":9}`)
		if e := c.refused(protocol.CodeRateLimited); e.RetryAfter != 20 || e.ID != 9 {
			t.Errorf("%+v", e)
		}
		// A new carrier has no new burst.
		c = w.again(c)
		c.raw(`{"type":"ping"}`)
		e := c.refused(protocol.CodeRateLimited)
		time.Sleep(time.Duration(e.RetryAfter) * time.Millisecond)
		c.alive()
		c.raw(`{"type":"ping"}`)
		c.refused(protocol.CodeRateLimited)
		if n := w.s.Stats().Dropped[DropRate]; n != 3 {
			t.Errorf("counted %d", n)
		}
	})
}

// A flood is dropped frame by frame, but at the pace of the limit: one client must not keep the server busy with refusals.
func TestAFloodIsReadSlowly(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		c := w.session()
		before := w.s.Stats().FramesIn
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for c.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) == nil {
			}
		}()
		time.Sleep(time.Second)
		// The burst, and then in each fiftieth of a second one that is allowed and one that is refused.
		if n := w.s.Stats().FramesIn - before; n < 200 || n > 200+2*50+2 {
			t.Errorf("%d frames were read", n)
		}
		c.drop()
		<-ended
	})
}

func TestJoinRate(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		c := w.session()
		for range 20 {
			c.join(protocol.Join{Room: "tea"})
		}
		c.send(protocol.Join{ID: 21, Room: "tea"})
		e := c.refused(protocol.CodeRateLimited)
		if e.ID != 21 || e.RetryAfter != 3000 || e.Room != "tea" {
			t.Errorf("%+v", e)
		}
		time.Sleep(3 * time.Second)
		c.join(protocol.Join{Room: "tea"})
		synctest.Wait()
	})
}
