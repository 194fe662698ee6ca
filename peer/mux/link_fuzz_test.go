package mux

import (
	"context"
	"testing"
	"time"
)

// hole is a trunk that takes everything.
type hole struct{}

func (hole) WriteFrame(ctx context.Context, _ []byte) error { return ctx.Err() }

// FuzzLink feeds a whole link with frames that make sense or none, on several trunks of both sides, with channels of its own, while it does
// what applications do. Nothing panics, hangs, or is held beyond its bounds.
func FuzzLink(f *testing.F) {
	v := readVectors(f)
	var all []byte
	for i, c := range v.Valid {
		raw := unhex(f, c.Hex)
		if len(raw) > 255 {
			continue
		}
		one := append([]byte{byte(i % 8), byte(len(raw))}, raw...)
		f.Add(one)
		all = append(all, one...)
	}
	f.Add(all)
	for _, c := range v.Batches {
		raw := unhex(f, c.Hex)
		f.Add(append([]byte{0, byte(len(raw))}, raw...))
	}
	for _, c := range v.RefusedBatches {
		raw := unhex(f, c.Hex)
		f.Add(append([]byte{4, byte(len(raw))}, raw...))
	}
	open := func(s string) []byte { return append([]byte{0x01, 0x00}, s...) }
	seed := func(frames ...[]byte) {
		var b []byte
		for _, raw := range frames {
			b = append(append(b, raw[0], byte(len(raw)-1)), raw[1:]...)
		}
		f.Add(b)
	}
	on := func(trunk byte, raw ...byte) []byte { return append([]byte{trunk}, raw...) }
	seed(append([]byte{0}, open(`{"max":99,"window":9999}`)...), on(0, 0x10, 0, 1, 2), on(0, 0x12, 0, 5, 1, 2), on(0, 0x14, 0, 3, 4, 5), on(0, 6, 0, 2, 'x'))
	seed(append([]byte{0}, open(`{"max":99,"window":9999,"unordered":true}`)...), on(1, 0x1a, 0, 1, 5, 2, 1, 2), on(1, 0x1a, 0, 1, 5, 0, 1, 2), on(1, 9, 0, 1), on(0, 5, 0, 1))
	seed(append([]byte{0}, open(`{"max":99,"window":0,"unordered":true,"maxRetransmits":0}`)...), on(2, 0x1a, 0, 1, 5, 2, 1, 2), on(2, 0x18, 0, 2, 5), on(0, 6, 0, 7))
	seed(append([]byte{0}, open(`{"max":99,"window":99,"durable":"0123456789abcdef"}`)...), on(0, 0x11, 0, 5), on(0, 0xff, 1), on(0, 0x01), on(0, 4, 0, 0))
	seed(append([]byte{0}, open(`{"max":99,"window":9999}`)...), on(0, 0x0a, 3, 0x10, 0, 1, 5, 0x12, 0, 5, 1, 2, 5, 0x14, 0, 3, 4, 5, 4, 6, 0, 2, 'x'))
	seed(append([]byte{0}, open(`{"max":99,"window":9999}`)...), on(0, 0x0a, 3, 0x10, 0, 1, 2, 0x0a, 0), on(0, 0x0a), on(1, 0x0a, 1, 7))
	seed(on(4, 2, 0, '{', '}'), on(4, 3, 0, 99), on(4, 0x10, 0), on(4, 7, 0), on(4, 8, 0, '{', '}'))
	f.Fuzz(func(t *testing.T, script []byte) {
		var accepted []*Channel
		m := New(Config{MaxMessage: 4 << 20, Accept: func(ch *Channel) bool { accepted = append(accepted, ch); return len(accepted) < 300 }})
		defer m.Close(nil)
		ours := map[string]func([]byte){}
		attach := func() (*Link, []func([]byte)) {
			opened := make(chan struct{}, 20)
			l := m.Attach(Connection{Fail: func(error) {}, Open: func(_ context.Context, c Class, receive func([]byte)) (Trunk, error) {
				ours[c.key()] = receive
				opened <- struct{}{}
				return hole{}, nil
			}})
			none := uint16(0)
			feeds := []func([]byte){
				l.Accept(hole{}, Class{}), l.Accept(hole{}, Class{Unordered: true}), l.Accept(hole{}, Class{Unordered: true, MaxRetransmits: &none}), l.Accept(hole{}, Class{}),
			}
			return l, feeds
		}
		l, feeds := attach()
		mine, err := m.Open(t.Context(), "a", Options{})
		if err != nil {
			t.Fatal(err)
		}
		durable, err := m.Open(t.Context(), "d", Options{Durable: true})
		if err != nil {
			t.Fatal(err)
		}
		feeds = append(feeds, ours[Class{}.key()])
		mine.Send(t.Context(), []byte("x"), true)
		durable.Send(t.Context(), []byte("y"), false)
		expired, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		cancel()
		for len(script) >= 2 {
			trunk, size := script[0], min(int(script[1]), len(script)-2)
			raw := script[2:][:size]
			script = script[2+size:]
			switch trunk {
			case 250:
				l.Detach(nil)
				l, feeds = attach()
				feeds = append(feeds, func([]byte) {})
			case 251, 252, 253, 254, 255:
				for _, ch := range append(accepted, mine, durable) {
					switch trunk {
					case 251:
						ch.next()
					case 252:
						ch.Close("x")
					case 253:
						ch.CloseWrite(t.Context())
					case 254:
						ch.Send(expired, raw, true)
					default:
						if ch.link != nil && !ch.numbered {
							m := message{data: raw}
							l.turn.take(t.Context(), t.Context())
							ch.writePart(t.Context(), l, &m)
							l.turn.give()
						}
					}
				}
			default:
				feeds[int(trunk)%len(feeds)](raw)
			}
		}
		held := 0
		for _, ch := range append(accepted, mine, durable) {
			ch.mu.Lock()
			in := &ch.in
			held += in.queue.size
			for p := range in.all {
				held += len(p.buffer)
			}
			if len(in.order) != len(in.parts) || in.queue.size > 6<<20 {
				t.Errorf("%d parts, %d in order, %d bytes", len(in.parts), len(in.order), in.queue.size)
			}
			ch.mu.Unlock()
		}
		if most := 16*len(script) + (len(accepted)+2)*4*firstWindow; held > most+(4<<20) {
			t.Errorf("holds %d bytes", held)
		}
	})
}
