//go:build unix

package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// golang is a side that is a Go program; the others are browsers.
const golang browser.Kind = "go"

// task is what one side of an exchange has to do: to meet the only other member of a room, to open Channels to it and accept
// as many, to send messages(Name, label) on each, both ways at the same time, and to tell what came. On a channel that may
// lose messages it sends one again and again until one comes back. When both have all, each closes those of its own.
//
// testdata/exchange.js and goside_test.go do it, in the same words.
type task struct {
	Server   string      `json:"server"` // where the SDK comes from and the room is
	Room     string      `json:"room"`
	Name     string      `json:"name"` // of this side
	Join     joinOptions `json:"join"`
	Connect  bool        `json:"connect"` // ask for the connection, instead of waiting for it
	Leaves   bool        `json:"leaves"`  // close the room at the end, instead of waiting for the other to do so
	Sizes    []int       `json:"sizes"`
	Channels []channel   `json:"channels"`
}

// joinOptions are those of the browser SDK's join.
type joinOptions struct {
	Topology           protocol.Topology    `json:"topology,omitempty"`
	ICETransportPolicy string               `json:"iceTransportPolicy,omitempty"`
	ICEServers         []protocol.ICEServer `json:"iceServers,omitempty"`
	Carriers           []peer.Carrier       `json:"carriers,omitempty"`
}

// channel is a channel and its options, with the names and the meaning of RTCDataChannelInit.
type channel struct {
	Label             string  `json:"label"`
	Ordered           bool    `json:"ordered"`
	MaxRetransmits    *uint16 `json:"maxRetransmits,omitempty"`
	MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime,omitempty"` // in milliseconds
	Protocol          string  `json:"protocol"`
}

func (c channel) limited() bool { return c.MaxRetransmits != nil || c.MaxPacketLifeTime != nil }

// report is what one side of an exchange saw.
type report struct {
	Before   string               `json:"before"`   // the other's state when this side asked for the connection
	Options  []channel            `json:"options"`  // of the channels that it accepted
	Received map[string][]summary `json:"received"` // by "opened/LABEL" and "accepted/LABEL", in the order of their coming
	Closed   int                  `json:"closed"`   // how many of the accepted channels the other side closed
	Path     struct {
		Relayed  bool   `json:"relayed"`
		Protocol string `json:"protocol"`
		Relay    string `json:"relay"`
	} `json:"path"` // what the SDK says
	Pair struct {
		Local  candidate `json:"local"`
		Remote candidate `json:"remote"`
	} `json:"pair"` // what the stack says
	Carrier string              `json:"carrier"` // what the frames rode on, as the SDK names it
	End     string              `json:"end"`     // the code with which a channel of the other ended
	Left    protocol.LeftReason `json:"left"`    // why the other left
}

type candidate struct {
	CandidateType string `json:"candidateType"`
	Address       string `json:"address"`
	Protocol      string `json:"protocol"`
	RelayProtocol string `json:"relayProtocol"`
}

// outcome is how a side ended: with a report, or without one.
type outcome struct {
	name string // of the side
	report
	err error
}

// start begins a side of the kind, which says once how it ended. It has ended before the test has.
func (s *site) start(t *testing.T, kind browser.Kind, k task, ended chan<- outcome) {
	t.Helper()
	if kind == golang {
		startGo(t, s.ctx, k, ended)
		return
	}
	p := s.open(t, kind, "exchange.js", k)
	go func() {
		o := outcome{name: k.Name}
		select {
		case v := <-p.verdicts:
			if !v.OK {
				o.err = errors.New(v.Error)
			} else {
				o.err = json.Unmarshal(v.Data, &o.report)
			}
		case <-p.browser.Done():
			o.err = errors.New("the browser ended before the page gave its verdict")
		}
		ended <- o
	}()
}

// kinds of channel: one option each, or none. What is limited gets few messages through a full socket, and the rest many.
func everyChannel() []channel {
	none, halfSecond := uint16(0), uint16(500)
	return []channel{
		{Label: "reliable", Ordered: true},
		{Label: "unordered", Protocol: "beckon-test"},
		{Label: "lossy", Ordered: true, MaxRetransmits: &none},
		{Label: "brief", MaxPacketLifeTime: &halfSecond, Protocol: "ümlaut"},
	}
}

// exchange has two sides meet in a fresh room, the second leaving first, and checks everything that does not depend on the way
// between them. change, which may be nil, makes the tasks of the left and the right side what the test needs.
func (s *site) exchange(t *testing.T, b *server, left, right browser.Kind, change func(left, right *task)) (l, r report) {
	t.Helper()
	var tasks [2]task
	for i, name := range []string{"left", "right"} {
		tasks[i] = task{Server: b.Base, Room: b.Name, Name: name, Leaves: i == 1, Sizes: sizes, Channels: everyChannel()}
	}
	if change != nil {
		change(&tasks[0], &tasks[1])
	}
	ended := make(chan outcome, 2)
	s.start(t, left, tasks[0], ended)
	s.start(t, right, tasks[1], ended)
	for range tasks {
		o := <-ended
		switch {
		case o.err != nil: // at once: the other one waits for this one
			t.Fatalf("%s-%s, the %s side: %v", left, right, o.name, o.err)
		case o.name == tasks[0].Name:
			l = o.report
		default:
			r = o.report
		}
	}
	l.check(t, string(left)+" (left)", tasks[1])
	r.check(t, string(right)+" (right)", tasks[0])
	if l.End != string(protocol.CodeClosed) || l.Left != protocol.LeftBye {
		t.Errorf("when the other closed its room, a channel ended with %q and it left for %q; want %q and %q",
			l.End, l.Left, protocol.CodeClosed, protocol.LeftBye)
	}
	return l, r
}

// check compares what a side saw with what the other one, whose task it is, had to send.
func (r report) check(t *testing.T, who string, other task) {
	t.Helper()
	limited := 0
	for _, c := range other.Channels {
		want := expected(other.Name, c)
		for _, how := range []string{"opened/", "accepted/"} {
			got := slices.Clone(r.Received[how+c.Label])
			if !c.Ordered {
				slices.SortFunc(got, bySum)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s received on %s%s\n%v, want\n%v", who, how, c.Label, got, want)
			}
		}
		if c.limited() {
			limited++
		}
	}
	if r.Closed != limited {
		t.Errorf("%s saw %d of the accepted channels closed, want %d", who, r.Closed, limited)
	}
	byLabel := func(a, b channel) int { return cmp.Compare(a.Label, b.Label) }
	got, want := slices.SortedFunc(slices.Values(r.Options), byLabel), slices.SortedFunc(slices.Values(other.Channels), byLabel)
	if !slices.EqualFunc(got, want, channel.equal) {
		t.Errorf("%s accepted channels with the options\n%s, want\n%s", who, encoded(t, got), encoded(t, want))
	}
}

// expected is what comes of that side on a channel; sorted, where the order is not kept.
func expected(side string, c channel) []summary {
	if c.limited() {
		return []summary{summarize(binaryOf(side+"/"+c.Label, 1000), false)}
	}
	var all []summary
	for _, m := range messages(side, c.Label) {
		all = append(all, summarize(m.data, m.text))
	}
	if !c.Ordered {
		slices.SortFunc(all, bySum)
	}
	return all
}

// bySum orders summaries, also those of a text and of bytes that are the same.
func bySum(a, b summary) int {
	return cmp.Or(cmp.Compare(a.Sum, b.Sum), cmp.Compare(a.Length, b.Length), cmp.Compare(btoi(a.Text), btoi(b.Text)))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c channel) equal(o channel) bool {
	same := func(a, b *uint16) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
	return c.Label == o.Label && c.Ordered == o.Ordered && c.Protocol == o.Protocol &&
		same(c.MaxRetransmits, o.MaxRetransmits) && same(c.MaxPacketLifeTime, o.MaxPacketLifeTime)
}
