package peer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/transport/v4/vnet"
)

// onBoth runs a test with a channel of the SDK's, and with a raw one.
func onBoth(t *testing.T, test func(t *testing.T, w *world, raw bool)) {
	t.Helper()
	for name, raw := range map[string]bool{"sdk": false, "raw": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) { test(t, w, raw) })
		})
	}
}

func TestMessagesOfEverySizeBothWays(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world, raw bool) {
		largest := 256 << 10
		sizes := []int{0, 1, 2, 1200, 16<<10 - 1, 16 << 10, 16<<10 + 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 256<<10 - 1, 256 << 10}
		if !raw {
			largest = 3 << 20
			sizes = append(sizes, 256<<10+1, 1<<20-65, 1<<20-64, 1<<20, 1<<20+1, largest)
		}
		a, b := w.pair(peer.Config{MaxMessageSize: 3 << 20}, peer.Config{MaxMessageSize: 3 << 20})
		here, there := channel(t, a, b, &peer.ChannelOptions{Raw: raw})
		for _, way := range []struct{ from, to *peer.Channel }{{here, there}, {there, here}} {
			for _, size := range sizes {
				for _, text := range []bool{false, true} {
					data := bytes.Repeat([]byte("x7"), size/2+1)[:size]
					sent := make(chan error, 1)
					go func() { // one that is larger than the window waits for the reader
						if text {
							sent <- way.from.SendText(within(t), string(data))
						} else {
							sent <- way.from.Send(within(t), data)
						}
					}()
					got, gotText, err := way.to.Recv(within(t))
					must(t, err)
					if !bytes.Equal(got, data) || gotText != text {
						t.Fatalf("sent %d bytes, text %v; got %d bytes, text %v", size, text, len(got), gotText)
					}
					must(t, <-sent)
				}
			}
			wantCode(t, way.from.Send(within(t), make([]byte, largest+1)), protocol.CodeMessageTooLarge)
			wantCode(t, way.from.SendText(within(t), "\xff"), protocol.CodeBadFrame)
		}
	})
}

func TestOptionsArriveAndApply(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		twice, life := uint16(2), 300*time.Millisecond
		for _, o := range []peer.ChannelOptions{
			{}, {Unordered: true}, {MaxRetransmits: &twice}, {MaxPacketLifeTime: &life, Unordered: true}, {Protocol: "v2"}, {Durable: true},
			{Raw: true}, {Unordered: true, Raw: true}, {MaxRetransmits: &twice, Raw: true}, {MaxPacketLifeTime: &life, Unordered: true, Raw: true},
			{Protocol: "v2", Raw: true},
		} {
			here, there := channel(t, a, b, &o)
			for _, ch := range []*peer.Channel{here, there} {
				if fmt.Sprint(shown(ch.Options())) != fmt.Sprint(shown(o)) || ch.Label() != "chat" {
					t.Fatalf("opened %v, got %q %v", shown(o), ch.Label(), shown(ch.Options()))
				}
			}
		}
		// The age is of no interest to the other side.
		here, there := channel(t, a, b, &peer.ChannelOptions{MaxRetransmits: &twice, MaxQueueAge: time.Second})
		if h, o := here.Options().MaxQueueAge, there.Options().MaxQueueAge; h != time.Second || o != 0 {
			t.Fatalf("the ages are %v and %v", h, o)
		}
	})
}

// What cannot be is refused by name, before anything is waited for.
func TestOptionsThatExcludeEachOther(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		next(t, a, peer.EventJoined)
		p := a.Peer(b.ID()) // to which there is no connection
		twice, life, ages := uint16(2), time.Second, 70*time.Second
		for name, o := range map[string]peer.ChannelOptions{
			"MaxRetransmits and MaxPacketLifeTime": {MaxRetransmits: &twice, MaxPacketLifeTime: &life},
			"MaxPacketLifeTime of 1m10s":           {MaxPacketLifeTime: &ages},
			"MaxQueueAge of -1s":                   {MaxRetransmits: &twice, MaxQueueAge: -time.Second},
			"MaxQueueAge needs":                    {MaxQueueAge: time.Second},
			"MaxQueueAge and Raw":                  {MaxRetransmits: &twice, MaxQueueAge: time.Second, Raw: true},
			"Durable and Raw":                      {Durable: true, Raw: true},
			"Durable excludes":                     {Durable: true, Unordered: true},
			"Durable excludes Unordered":           {Durable: true, MaxRetransmits: &twice},
			"a Protocol of 1025 bytes":             {Protocol: strings.Repeat("x", 1025)},
			"a Protocol of 65536 bytes":            {Protocol: strings.Repeat("x", 65536), Raw: true},
			"speak with each other":                {Protocol: "beckon.v1", Raw: true},
		} {
			_, err := p.Open(within(t), "x", &o)
			if wantCode(t, err, protocol.CodeUnsupported); !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not name %q", err, name)
			}
		}
		_, err := p.Open(within(t), strings.Repeat("x", 1025), nil)
		wantCode(t, err, protocol.CodeUnsupported)
		if p.State() != peer.StateWaiting {
			t.Errorf("the peer is %q", p.State())
		}
	})
}

func shown(o peer.ChannelOptions) []any {
	out := []any{o.Unordered, o.Protocol, -1, time.Duration(-1), o.Durable, o.Raw}
	if o.MaxRetransmits != nil {
		out[2] = int(*o.MaxRetransmits)
	}
	if o.MaxPacketLifeTime != nil {
		out[3] = *o.MaxPacketLifeTime
	}
	return out
}

// A message that is lost and not sent again does not hold up those after it, and does not come late.
func TestMaxRetransmitsGivesUp(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world, raw bool) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		never := uint16(0)
		here, there := channel(t, a, b, &peer.ChannelOptions{MaxRetransmits: &never, Unordered: true, Raw: raw})
		lose := func(vnet.Chunk) bool { return true }
		w.drop.Store(&lose)
		must(t, here.SendText(within(t), "lost"))
		time.Sleep(100 * time.Millisecond)
		w.drop.Store(nil)
		must(t, here.SendText(within(t), "kept"))
		data, _, err := there.Recv(within(t))
		must(t, err)
		if string(data) != "kept" {
			t.Fatalf("got %q", data)
		}
	})
}

// What the other side sends right after opening waits for whoever accepts, however late.
func TestMessagesBeforeAcceptAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world, raw bool) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, err := a.Open(within(t), "early", &peer.ChannelOptions{Raw: raw})
		must(t, err)
		for i := range 100 {
			must(t, here.SendText(within(t), fmt.Sprint(i)))
		}
		must(t, here.Close())
		time.Sleep(10 * time.Second)
		there, err := b.Accept(within(t))
		must(t, err)
		for i := range 100 {
			data, _, err := there.Recv(within(t))
			must(t, err)
			if string(data) != fmt.Sprint(i) {
				t.Fatalf("message %d is %q", i, data)
			}
		}
		_, _, err = there.Recv(within(t))
		wantCode(t, err, protocol.CodeClosed)
	})
}

// A sender that waits for the window when the other side closes the channel gives up, and what it had under way must not
// look like a new channel to the other side: Pion stops accepting channels when it gets one that does not begin with an open.
func TestClosingAChannelThatIsBeingSentTo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world, raw bool) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		for range 3 {
			here, there := channel(t, a, b, &peer.ChannelOptions{Raw: raw})
			sent := make(chan error)
			go func() {
				for {
					if err := here.Send(context.Background(), make([]byte, 100<<10)); err != nil {
						sent <- err
						return
					}
				}
			}()
			for range 10 {
				_, _, err := there.Recv(within(t))
				must(t, err)
			}
			must(t, there.Close())
			wantCode(t, <-sent, protocol.CodeClosed)
		}
		channel(t, a, b, &peer.ChannelOptions{Raw: raw})
		channel(t, b, a, &peer.ChannelOptions{Raw: raw})
	})
}

// Send waits while nobody reads, so neither side holds more than the windows; then everything arrives.
func TestBackpressure(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world, raw bool) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, &peer.ChannelOptions{Raw: raw})
		const size, count = 64 << 10, 40
		sent := make(chan int, count)
		go func() {
			for i := range count {
				if err := here.Send(context.Background(), bytes.Repeat([]byte{byte(i)}, size)); err != nil {
					t.Error(err)
				}
				sent <- i
			}
		}()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if waiting := len(sent) * size; waiting > 2<<20 {
			t.Fatalf("%d bytes were taken while nobody read", waiting)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		wantCode(t, here.Send(ctx, []byte("second in line")), protocol.CodeAborted)
		for i := range count {
			data, _, err := there.Recv(within(t))
			must(t, err)
			if len(data) != size || data[0] != byte(i) {
				t.Fatalf("message %d has %d bytes of %d", i, len(data), data[0])
			}
		}
	})
}

// A Send whose context ends has sent nothing, and the next one works.
func TestSendGivesUpWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world, raw bool) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, &peer.ChannelOptions{Raw: raw})
		sent := 0
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			err := here.Send(ctx, bytes.Repeat([]byte{byte(sent)}, 200<<10))
			cancel()
			if err != nil {
				wantCode(t, err, protocol.CodeAborted)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("%v is not the context's own error too", err)
				}
				break
			}
			sent++
		}
		last := make(chan error)
		go func() { last <- here.SendText(context.Background(), "last") }()
		for i := range sent {
			data, _, err := there.Recv(within(t))
			must(t, err)
			if len(data) != 200<<10 || data[0] != byte(i) {
				t.Fatalf("message %d is %d bytes of %d", i, len(data), data[0])
			}
		}
		must(t, <-last)
		data, _, err := there.Recv(within(t))
		must(t, err)
		if string(data) != "last" {
			t.Fatalf("got %q", data[:10])
		}
	})
}

func TestContextsEndWaiting(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		_, there := channel(t, a, b, nil)
		for name, wait := range map[string]func(context.Context) error{
			"recv":   func(ctx context.Context) error { _, _, err := there.Recv(ctx); return err },
			"accept": func(ctx context.Context) error { _, err := a.Accept(ctx); return err },
		} {
			ctx, cancel := context.WithCancel(context.Background())
			result := make(chan error)
			go func() { result <- wait(ctx) }()
			synctest.Wait()
			cancel()
			err := <-result
			wantCode(t, err, protocol.CodeAborted)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v is not context.Canceled", name, err)
			}
			wantCode(t, wait(ctx), protocol.CodeAborted)
		}
	})
}

func TestAcceptOverflow(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		raw := peer.ChannelOptions{Raw: true}
		roomA, roomB := w.join(peer.Config{}), w.join(peer.Config{})
		a, err := roomA.Accept(within(t))
		must(t, err)
		b, err := roomB.Accept(within(t))
		must(t, err)
		for range 64 {
			_, err = a.Open(within(t), "many", &raw)
			must(t, err)
		}
		// The refusal may be faster than the acknowledgement.
		if last, err := a.Open(within(t), "one too many", &raw); err != nil {
			wantCode(t, err, protocol.CodeClosed)
		} else {
			ended(t, last.Context(), protocol.CodeClosed)
		}
		if s := roomB.Stats(); s.ChannelsOverflowed != 1 {
			t.Fatalf("%d channels overflowed", s.ChannelsOverflowed)
		}
		for range 64 {
			_, err := b.Accept(within(t))
			must(t, err)
		}
		channel(t, a, b, nil)
	})
}

// TestUnaskedRawIsBounded: raw channels that nobody has asked for hold 16 MiB together; the one on which more comes ends, and what is read stays.
func TestUnaskedRawIsBounded(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		const fits = (16 << 20) / (1 << 20) // with four messages of 256 KiB in each
		message := make([]byte, 256<<10)
		var there []*peer.Channel
		for i := range fits + 1 {
			here, come := channel(t, a, b, &peer.ChannelOptions{Raw: true})
			for range 4 {
				if err := here.Send(within(t), message); err != nil && i < fits {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
			there = append(there, come)
		}
		ended(t, there[fits].Context(), protocol.CodeOverflow)
		for _, ch := range there[:fits] {
			for range 4 {
				_, _, err := ch.Recv(within(t))
				must(t, err)
			}
		}
		here, come := channel(t, a, b, &peer.ChannelOptions{Raw: true}) // there is room again
		must(t, here.Send(within(t), message))
		_, _, err := come.Recv(within(t))
		must(t, err)
	})
}
