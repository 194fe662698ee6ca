package lights

import (
	"context"
	"sync"
	"time"
)

// Sender is the end of a channel on which one is told, and Receiver that on which one is heard; a *peer.Channel is both.
type (
	Sender interface {
		Send(ctx context.Context, data []byte) error
	}
	Receiver interface {
		Recv(ctx context.Context) (data []byte, isText bool, err error)
	}
)

// Helm has a bot play: it keeps time, says at each tick to everybody where its boat is, and hears where theirs are. Its methods may be
// called at the same time.
type Helm struct {
	started time.Time

	mu      sync.Mutex // guards all below, and the sea
	sea     *Sea
	bot     Bot
	told    map[chan []byte]struct{} // one for each Tell, with room for one packet: only the newest is of use
	skipped uint64                   // packets that gave way to a newer one, because the network is slower than the game
	anybody chan struct{}            // with room for one; filled when somebody is told for the first time
}

// NewHelm is for the player of that number in the sea of that seed.
func NewHelm(seed, number uint32, skill Skill) *Helm {
	return &Helm{
		started: time.Now(),
		sea:     NewSea(seed, number),
		bot:     Bot{Skill: skill},
		told:    make(map[chan []byte]struct{}),
		anybody: make(chan struct{}, 1),
	}
}

// Run plays until ctx ends, and returns its cause. While nobody is told there is nobody to play with, and it rests.
func (h *Helm) Run(ctx context.Context) error {
	ticker := time.NewTicker(time.Second / Rate)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		if h.tick() {
			continue
		}
		ticker.Stop()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-h.anybody:
			ticker.Reset(time.Second / Rate)
		}
	}
}

// tick plays one, and tells whether anybody was there to be told.
func (h *Helm) tick() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.told) == 0 {
		return false
	}
	h.sea.Sail(h.bot.Steer(h.sea))
	p := h.sea.Packet()
	data := AppendPacket(nil, &p) // which all of them read
	for box := range h.told {
		select {
		case <-box:
			h.skipped++
		default:
		}
		box <- data // of which this is the only sender
	}
	return true
}

// Be gives the player another number, see [Sea.Be].
func (h *Helm) Be(number uint32) { h.with(func(s *Sea) { s.Be(number) }) }

// Tell says on the channel where the boat is, until that or ctx ends, and returns why.
func (h *Helm) Tell(ctx context.Context, channel Sender) error {
	box := make(chan []byte, 1)
	h.mu.Lock()
	h.told[box] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.told, box)
		h.mu.Unlock()
	}()
	select {
	case h.anybody <- struct{}{}:
	default:
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case data := <-box:
			if err := channel.Send(ctx, data); err != nil {
				return err
			}
		}
	}
}

// Listen hears the player of that number on the channel, until that or ctx ends, and returns why. The player is forgotten then.
func (h *Helm) Listen(ctx context.Context, number uint32, channel Receiver) error {
	defer h.with(func(s *Sea) { s.Forget(number) })
	for {
		data, _, err := channel.Recv(ctx)
		if err != nil {
			return err
		}
		at := time.Since(h.started).Milliseconds()
		h.with(func(s *Sea) { s.Hear(number, data, at) })
	}
}

func (h *Helm) with(do func(*Sea)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do(h.sea)
}

// Report is how the game stands for a bot.
type Report struct {
	Score   uint32
	Others  int
	Counts  Counts
	Skipped uint64 // packets that were not sent because a newer one was there before the network took them
}

// Report returns it as it is now.
func (h *Helm) Report() Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Report{h.sea.Score(), len(h.sea.others), h.sea.Counts(), h.skipped}
}
