package mux

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"
)

// stranger opens channels that nobody has asked for, and says on them what it likes.
type stranger struct {
	lane, data func([]byte)
	channels   []*Channel // as this side has them
}

func newStranger(t *testing.T, m *Mux, s *stranger) {
	t.Helper()
	none := uint16(0)
	l := m.Attach(Connection{Fail: func(err error) { t.Error(err) }})
	s.lane, s.data = l.Accept(hole{}, Class{}), l.Accept(hole{}, Class{MaxRetransmits: &none})
	head, err := json.Marshal(openHead{MaxRetransmits: &none, Max: 1, Window: 0})
	if err != nil {
		t.Fatal(err)
	}
	for id := range uint64(maxOpen) {
		s.lane(append(appendNumber([]byte{byte(kindOpen)}, id), head...))
	}
}

// say has a part of message n come, or a whole one of it.
func (s *stranger) say(id int, n, total uint64, payload []byte) {
	f := frame{kind: kindPart, id: uint32(id), n: n, total: total, payload: payload}
	if total == uint64(len(payload)) {
		f.kind = kindNumbered
	}
	s.data(f.append(nil))
}

// holds is how many bytes the channel holds, as its own memory has it.
func holds(ch *Channel) (bytes int) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	bytes = ch.in.queue.size
	for p := range ch.in.all {
		bytes += cap(p.buffer)
	}
	return bytes
}

// TestUnaskedIsBounded: what the other side sends on channels without flow control that nobody reads is bounded for all of them together, whether
// the channels go on or have ended.
func TestUnaskedIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s stranger
		m := New(Config{Accept: func(ch *Channel) bool { s.channels = append(s.channels, ch); return true }})
		defer m.Close(nil)
		newStranger(t, m, &s)
		total := func() (sum int) {
			for _, ch := range s.channels {
				sum += holds(ch)
			}
			return sum
		}
		most := maxUnasked + 64<<10
		piece := make([]byte, 60<<10)
		for id := range s.channels {
			for n := range uint64(16) { // almost 1 MiB whole, and as much in parts
				s.say(id, 2*n+1, uint64(len(piece)), piece)
				s.say(id, 2*n+2, uint64(len(piece))+1, piece)
			}
			if id%2 == 0 {
				s.lane(appendNumber(appendNumber([]byte{byte(kindClose)}, uint64(id)), 40)) // after which it waits for what was lost
			}
			if got := total(); got > most {
				t.Fatalf("%d channels hold %d MiB", id+1, got>>20)
			}
		}
		if got := total(); got < maxUnasked/2 {
			t.Errorf("only %d MiB are held: a few channels may hold what they could alone", got>>20)
		}
		missed := uint64(0)
		for _, ch := range s.channels {
			missed += ch.Stats().Missed
		}
		if missed == 0 {
			t.Error("what was dropped is not counted")
		}

		// Who reads has room of its own.
		last := len(s.channels) - 1
		for _, id := range []int{last, last - 2} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second) // there may be nothing left
			s.channels[id].Recv(ctx)
			cancel()
			before := holds(s.channels[id])
			for n := range uint64(8) {
				s.say(id, 100+n, uint64(len(piece)), piece)
			}
			if got := holds(s.channels[id]); got < before+8*len(piece) {
				t.Errorf("channel %d holds %d bytes, and held %d before 8 messages", id, got, before)
			}
		}
		// And what is closed makes room for others.
		for _, ch := range s.channels {
			ch.Close("")
		}
		if n := m.unasked.Load(); n != 0 {
			t.Errorf("%d bytes are counted in the end", n)
		}
	})
}

// TestUnaskedAreWhatIsThere: the count is that of the bytes, also when messages are cut, become whole, or their channel ends.
func TestUnaskedAreWhatIsThere(t *testing.T) {
	t.Parallel()
	var s stranger
	m := New(Config{Accept: func(ch *Channel) bool { s.channels = append(s.channels, ch); return true }})
	defer m.Close(nil)
	newStranger(t, m, &s)
	piece := make([]byte, 1000)
	for i, c := range []struct {
		do   func()
		want int
	}{
		{func() { s.say(0, 1, 1000, piece) }, messageCost + 1000},
		{func() { s.say(0, 2, 3000, piece) }, 2*messageCost + 4000},
		{func() { s.data(appendNumber([]byte{byte(kindCut), 0}, 2)) }, messageCost + 1000},
		{func() { s.say(1, 1, 1000, piece) }, 2*messageCost + 2000},
		{func() { s.say(1, 2, 5000, piece) }, 3*messageCost + 7000},
		{func() { s.lane(append([]byte{byte(kindReset), 1}, `{"code":"x","message":""}`...)) }, 2*messageCost + 2000},
		{func() { s.channels[0].Recv(t.Context()) }, messageCost + 1000},
		{func() { s.say(0, 3, 1000, piece) }, messageCost + 1000},
		{func() { s.channels[1].Close("") }, 0},
	} {
		if c.do(); m.unasked.Load() != int64(c.want) {
			t.Fatalf("step %d: %d bytes are counted, want %d", i, m.unasked.Load(), c.want)
		}
	}
}
