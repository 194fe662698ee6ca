package mux

import (
	"context"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Who closes learns that all has arrived, and who reads that all has come: each before it is read.
func TestSettledAndComplete(t *testing.T) {
	t.Parallel()
	each(t, network{delay: 10 * time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		if err := a.Send(t.Context(), random(1000), false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if a.Complete() || b.Complete() {
			t.Fatal("it is complete before its end")
		}
		start := time.Now()
		a.Close("")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := a.Settled(ctx); code(err) != protocol.CodeAborted {
			t.Fatalf("it is settled without an answer: %v", err)
		}
		if err := a.Settled(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 20*time.Millisecond {
			t.Fatalf("settled after %v", took)
		}
		if a.Complete() || !b.Complete() {
			t.Fatal("only the side that reads has a whole")
		}
		if data, _, err := b.Recv(t.Context()); err != nil || len(data) != 1000 {
			t.Fatalf("received %d bytes, %v", len(data), err)
		}
	})
}

func TestNotSettled(t *testing.T) {
	t.Parallel()
	each(t, network{delay: 10 * time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		b.Reset(&protocol.Error{Code: protocol.CodeOverflow, Text: "no more"})
		a.Close("")
		if err := a.Settled(t.Context()); code(err) != protocol.CodeOverflow {
			t.Fatalf("the reset is %v", err)
		}
		if o.Durable {
			return
		}
		a, b = w.open(o)
		a.Close("")
		w.side[0].link.Detach(protocol.Errorf(protocol.CodeConnectionLost, "cut"))
		if err := a.Settled(t.Context()); code(err) != protocol.CodeConnectionLost || b.Complete() {
			t.Fatalf("the loss is %v", err)
		}
	})
}
