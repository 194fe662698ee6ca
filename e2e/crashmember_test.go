//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// member is a Go program in the room whose server is killed, as a bot is one: a process that knows package peer alone.
type member struct {
	memberTask
	room *peer.Room
	stop chan struct{} // closed when it is time for the last numbers

	mu      sync.Mutex
	account account          // guarded by mu, as all below
	said    int              // messages to the room
	settled map[string]int64 // by sequence over the server: when the newest settled message was said
	open    int              // sequences, of this member's and of the others', that have not come to their last number
	met     int              // other members
}

func playMember(task string) error {
	m := &member{stop: make(chan struct{}), settled: make(map[string]int64), account: account{
		Connected: make(map[string]int64), States: make(map[string]string), Sent: make(map[string][][2]int64),
		Heard: make(map[string][]int), FirstFor: make(map[string]int), Surprises: []string{},
	}}
	if err := json.Unmarshal([]byte(task), &m.memberTask); err != nil {
		return err
	}
	m.account.Name = m.Name
	m.open = (m.Members-1)*2*(m.Streams+1) + m.Members // direct and over channels, there and back; to the room
	fmt.Println("started")
	err := m.run(context.Background())
	if err != nil {
		m.post("/note", note{Name: m.Name, What: "failed", Error: err.Error()})
	}
	return err
}

func (m *member) run(ctx context.Context) error {
	log := zerolog.New(quiet{os.Stderr}).Level(zerolog.DebugLevel).With().Timestamp().Logger()
	room, err := peer.Join(ctx, m.Server, m.Room, &peer.Config{Attributes: map[string]string{"name": m.Name}, Logger: log})
	if err != nil {
		return err
	}
	m.room, m.account.Joined = room, time.Now().UnixMicro()
	if err := m.post("/note", note{Name: m.Name, What: "joined"}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	begin := func(step func(context.Context) error) {
		all.Go(func() {
			if err := step(ctx); err != nil {
				cancel(err)
			}
		})
	}
	for _, p := range room.Peers() {
		m.meet(p, begin)
	}
	begin(func(ctx context.Context) error { return m.listen(ctx, begin) })
	begin(m.connected)
	begin(func(ctx context.Context) error {
		return m.count(ctx, "room", func(n number) error { return room.Send(ctx, n) })
	})
	begin(m.tell)
	begin(func(context.Context) error {
		defer close(m.stop)
		return m.await("stop")
	})
	begin(func(context.Context) error {
		if err := m.await("account"); err != nil {
			return err
		}
		if err := m.post("/account", m.final()); err != nil {
			return err
		}
		err := m.await("end")
		cancel(errEnd)
		return err
	})
	<-ctx.Done()
	room.Close()
	all.Wait()
	if err := context.Cause(ctx); err != errEnd {
		return err
	}
	return nil
}

// errEnd is the end that the test asked for.
var errEnd = fmt.Errorf("the test is over")

// meet begins what is done with one other member.
func (m *member) meet(p *peer.Peer, begin func(func(context.Context) error)) {
	name := nameOf(p)
	m.mu.Lock()
	m.met++
	m.account.FirstFor[name] = m.said + 1
	for s := range m.Streams {
		m.settled[fmt.Sprintf("direct/%s/%d", name, s)] = 0
	}
	m.mu.Unlock()
	for s := range m.Streams {
		begin(func(ctx context.Context) error {
			return m.count(ctx, fmt.Sprintf("direct/%s/%d", name, s), func(n number) error {
				n.Stream = s
				return p.Signal(ctx, n)
			})
		})
	}
	begin(func(ctx context.Context) error {
		ch, err := p.Open(ctx, "numbers", nil)
		if err != nil {
			return err
		}
		return m.count(ctx, "channel/"+name, func(n number) error {
			text, err := json.Marshal(n)
			if err != nil {
				return err
			}
			return ch.SendText(ctx, string(text))
		})
	})
	begin(func(ctx context.Context) error {
		ch, err := p.Accept(ctx)
		if err != nil {
			return err
		}
		for last := false; ; {
			text, _, err := ch.Recv(ctx)
			if last && peer.Code(err) == protocol.CodeClosed {
				return nil // the other one has been told to end before this one
			}
			if err != nil {
				return err
			}
			if last, err = m.heard("channel/"+name, text, false); err != nil {
				return err
			}
		}
	})
}

// listen takes the room's events.
func (m *member) listen(ctx context.Context, begin func(func(context.Context) error)) error {
	for {
		e, err := m.room.Recv(ctx)
		if err != nil {
			return err
		}
		if e.Missed > 0 {
			m.surprise("%d events were missed", e.Missed)
		}
		switch e.Kind {
		case peer.EventJoined:
			m.meet(e.Peer, begin)
		case peer.EventSignal:
			_, err = m.heard("direct/"+nameOf(e.Peer), e.Data, true)
		case peer.EventMessage:
			_, err = m.heard("room/"+nameOf(e.Peer), e.Data, false)
		case peer.EventLeft, peer.EventGap:
			m.surprise("a %s event (%s)", e.Kind, e.Reason)
		}
		if err != nil {
			return err
		}
	}
}

// connected notes who is connected, and when.
func (m *member) connected(ctx context.Context) error {
	for {
		p, err := m.room.Accept(ctx)
		if err != nil {
			return err
		}
		m.note(func() { m.account.Connected[nameOf(p)] = time.Now().UnixMicro() })
	}
}
