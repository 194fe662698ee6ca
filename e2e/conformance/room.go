package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
)

// What goes through the server: who is there, and what is said to all and to one.

// To whom a role says something.
const (
	toRoom = "room"
	toPeer = "peer"
)

// speech counts what was said and heard. One step at a time says, and one hears.
type speech struct{ said, heard int }

// config is that of package peer.
func (j JoinOptions) config(logger zerolog.Logger) *peer.Config {
	c := &peer.Config{
		Topology: j.Topology, Carriers: j.Carriers,
		ConnectTimeout:     time.Duration(j.ConnectTimeout) * time.Millisecond,
		MaxMessageSize:     j.MaxMessageSize,
		ICETransportPolicy: peer.ICETransportPolicy(j.ICETransportPolicy),
		ICEServers:         j.ICEServers,
		DisableReports:     j.Reports != nil && !*j.Reports,
		Logger:             logger,
	}
	if j.Attributes != nil {
		c.Attributes = j.Attributes
	}
	return c
}

// connectFirst connects to the first other member, waiting for it.
func connectFirst(ctx context.Context, room *peer.Room) error {
	return until(ctx, func() error {
		members := room.Peers()
		if len(members) == 0 {
			return fmt.Errorf("there is no other member")
		}
		_, err := room.Connect(ctx, members[0].ID())
		return err
	})
}

// addressee is whom a step speaks to, or hears speak to.
func (s *Step) addressee() string {
	if s.To == "" {
		return toRoom
	}
	return s.To
}

// say says texts.
func (s *script) say(ctx context.Context, step Step) error {
	to := step.addressee()
	say, count := s.room.Send, s.said[to]
	if to == toPeer {
		say = s.peer.Signal
	}
	for i, shape := range step.shapes() {
		m := nth(to, s.run.Role, count.said+1, shape.size, true)
		err := say(ctx, string(m.data))
		if err == nil {
			count.said++
		}
		if err := step.judge(err); err != nil || step.Error != "" {
			return prefix(err, "the %d. thing said, of %d bytes", i+1, shape.size)
		}
	}
	return nil
}

// hear hears these texts, in this order.
func (s *script) hear(ctx context.Context, step Step) error {
	to := step.addressee()
	kind, count := peer.EventMessage, s.said[to]
	if to == toPeer {
		kind = peer.EventSignal
	}
	for i, shape := range step.shapes() {
		e, err := s.events.take(ctx, string(kind))
		if err != nil {
			return prefix(err, "the %d. thing heard", i+1)
		}
		count.heard++
		want := nth(to, s.run.Role.Other(), count.heard, shape.size, true)
		var got string
		if err := json.Unmarshal(e.Data, &got); err != nil || e.Peer != s.peer || !bytes.Equal([]byte(got), want.data) {
			return fmt.Errorf("the %d. thing heard is %s, want %s", i+1, message{[]byte(got), true}.show(), want.show())
		}
	}
	return nil
}

// attributes are those of the step; with Fill there is one more, of so many x.
func (s *Step) attributes() map[string]any {
	if s.Fill == 0 {
		return s.Attributes
	}
	return map[string]any{"fill": strings.Repeat("x", s.Fill)}
}

func (s *script) update(ctx context.Context, step Step) error {
	return step.judge(s.room.Update(ctx, step.attributes()))
}

// sees waits until the other role's attributes are these.
func (s *script) sees(ctx context.Context, step Step) error {
	return until(ctx, func() error {
		var got map[string]any
		if err := json.Unmarshal(s.peer.Attributes(), &got); err != nil {
			return err
		}
		if !reflect.DeepEqual(got, step.attributes()) {
			return fmt.Errorf("the attributes are %v, want %v", got, step.attributes())
		}
		return nil
	})
}

// join joins a room as a further member, and leaves it.
func (s *script) join(ctx context.Context, step Step) error {
	url, options := step.URL, JoinOptions{}
	if url == "" {
		url = s.run.Server
	}
	if step.Join != nil {
		options = *step.Join
	}
	room, err := peer.Join(ctx, url, step.Name, options.config(s.logger))
	if err == nil {
		room.Close()
	}
	return step.judge(err)
}
