//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
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

// count says the numbers of a sequence.
func (m *member) count(ctx context.Context, sequence string, say func(number) error) error {
	for n := (number{N: 1}); !n.Last; n.N++ {
		select {
		case <-time.After(m.untilTick()):
		case <-m.stop:
			n.Last = true
		case <-ctx.Done():
			return ctx.Err()
		}
		began := time.Now().UnixMicro()
		if sequence == "room" {
			m.note(func() { m.said = n.N })
		}
		if err := say(n); err != nil {
			return fmt.Errorf("%s, number %d: %w", sequence, n.N, err)
		}
		m.note(func() {
			m.account.Sent[sequence] = append(m.account.Sent[sequence], [2]int64{began, time.Now().UnixMicro()})
			if _, ok := m.settled[sequence]; ok {
				m.settled[sequence] = began
			}
			if n.Last {
				m.close()
			}
		})
	}
	return nil
}

// untilTick is how long it is until everybody speaks again.
func (m *member) untilTick() time.Duration {
	return time.Duration(m.Every*1000-time.Now().UnixMicro()%(m.Every*1000)) * time.Microsecond
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

// heard takes a number that came, and tells whether it is the last of its sequence.
func (m *member) heard(sequence string, data []byte, streams bool) (last bool, err error) {
	var n number
	if err := json.Unmarshal(data, &n); err != nil {
		return false, fmt.Errorf("%s: %s: %w", sequence, data, err)
	}
	if streams {
		sequence = fmt.Sprintf("%s/%d", sequence, n.Stream)
	}
	m.note(func() {
		m.account.Heard[sequence] = append(m.account.Heard[sequence], n.N)
		if n.Last {
			m.close()
		}
	})
	return n.Last, nil
}

// close counts a sequence that came to its end, and tells when it was the last. m.mu must be held.
func (m *member) close() {
	if m.open--; m.open == 0 {
		go m.post("/note", note{Name: m.Name, What: "complete"})
	}
}

// tell tells at each tick how far this member has come.
func (m *member) tell(ctx context.Context) error {
	for {
		select {
		case <-time.After(m.untilTick()):
		case <-ctx.Done():
			return ctx.Err()
		}
		n := note{Name: m.Name, What: "progress", Since: time.Now().UnixMicro()}
		m.note(func() {
			n.Peers = m.met
			for _, said := range m.settled {
				n.Since = min(n.Since, said)
			}
		})
		if err := m.post("/note", n); err != nil {
			return err
		}
	}
}

// final is the account at the end. Nothing is said any more; if something comes all the same, it comes after the account.
func (m *member) final() account {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account
	a.Heard = maps.Clone(a.Heard)
	a.Surprises = slices.Clone(a.Surprises)
	for _, p := range m.room.Peers() {
		a.States[nameOf(p)] = string(p.State())
	}
	return a
}

func (m *member) surprise(format string, args ...any) {
	m.note(func() { m.account.Surprises = append(m.account.Surprises, fmt.Sprintf(format, args...)) })
}

func (m *member) note(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func (m *member) post(path string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	response, err := http.Post(m.Desk+path, "text/plain", bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return err
}

// await waits until the test begins the phase.
func (m *member) await(phase string) error {
	response, err := http.Get(m.Desk + "/phase/" + phase)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// nameOf is what the peer calls itself.
func nameOf(p *peer.Peer) string {
	var attributes struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(p.Attributes(), &attributes) != nil {
		return ""
	}
	return attributes.Name
}

// quiet passes on what a logger writes, less Pion's own debugging: hundreds of lines per connection.
type quiet struct{ io.Writer }

func (q quiet) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(`"level":"debug"`)) && bytes.Contains(b, []byte(`"message":"pion"`)) {
		return len(b), nil
	}
	return q.Writer.Write(b)
}
