package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/files"
	"github.com/beckon-rtc/beckon/peer"
)

var errRoomEnded = errors.New("the room has ended")

// proposals are the offers that come in a room.
type proposals struct {
	list chan *files.Proposal
	held *files.Proposal // by watch: the next one
	all  sync.WaitGroup
}

// newProposals reads offers until ctx or the room ends.
func newProposals(ctx context.Context, room *peer.Room, d *display) *proposals {
	in := &proposals{list: make(chan *files.Proposal)}
	in.all.Go(func() {
		defer close(in.list)
		var reading sync.WaitGroup
		defer reading.Wait()
		for {
			r, err := room.AcceptRequest(ctx)
			if err != nil {
				return
			}
			reading.Go(func() { in.read(ctx, r, d) })
		}
	})
	return in
}

func (in *proposals) read(ctx context.Context, r *peer.Request, d *display) {
	if r.Name() != files.OfferName {
		_ = r.Fail(ctx, "no-such-request", "this program receives files") // who does not hear it has gone
		return
	}
	p, err := files.ReadProposal(ctx, r)
	if err != nil {
		if files.CodeOf(err) != "" {
			d.say("%s offers what is refused: %s", nameOf(r.Peer()), sayFiles(err))
		}
		return
	}
	select {
	case in.list <- p:
	case <-p.Context().Done():
	case <-ctx.Done():
	}
}

// wait returns when nothing of it runs any more.
func (in *proposals) wait() { in.all.Wait() }

// lastWord is how long a sender that was lost may take to ask once more, when everything is here.
const lastWord = 10 * time.Second

// next is the next offer that is still open. With complete it is nil if none comes for lastWord. What comes from strangers ends it.
func (in *proposals) next(ctx context.Context, complete bool, strangers <-chan error) (*files.Proposal, error) {
	if p := in.held; p != nil {
		in.held = nil
		if p.Context().Err() == nil {
			return p, nil
		}
	}
	var late <-chan time.Time
	if complete {
		timer := time.NewTimer(lastWord)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case p, ok := <-in.list:
		if !ok {
			return nil, errRoomEnded
		}
		return p, nil
	case err := <-strangers:
		return nil, err
	case <-late:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stalled is for how long nothing has come when another proposal of the same files is taken instead.
const stalled = time.Second

// watch takes what is proposed while r fetches: other files are declined, and the same ones are what goes on when nothing comes any more,
// for a sender that was killed is back before its connection is known to be lost.
func (in *proposals) watch(ctx context.Context, r *receiving, replace context.CancelCauseFunc) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(stalled)
		defer ticker.Stop()
		before := r.in.Progress().Done
		for {
			select {
			case p, ok := <-in.list:
				switch {
				case !ok:
					return
				case sameFiles(r.wanted, &p.Offer):
					in.held = p
					before = -1
				default:
					_ = p.Decline(ctx, "something else is being received") // who does not hear it has gone
				}
			case <-ticker.C:
				now := r.in.Progress().Done
				if in.held != nil && now == before {
					replace(errReplaced)
					return
				}
				before = now
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
