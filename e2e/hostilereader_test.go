//go:build unix

package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// deaf is a peer that reads no more once it is in its room. Its connection is its own, so that nothing reads ahead.
type deaf struct {
	peer, instance string
}

// neverReads lets a peer join a room and read nothing more, while another signals it as fast as it may.
func neverReads(a *attacker) string {
	talker, trouble := a.with("X-Forwarded-For", "10.2.0.1").talker(a)
	if trouble != "" {
		return trouble
	}
	d, trouble := a.deafen()
	if trouble != "" {
		return trouble
	}
	wide := strings.Repeat("x", 60_000)
	stop := make(chan struct{})
	said := make(chan struct{})
	go func() {
		defer close(said)
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			talker.say(fmt.Sprintf(`{"type":"signal","room":%q,"to":%q,"toInstance":%q,"n":%d,"data":%q}`, a.room, d.peer, d.instance, n, wide))
		}
	}()
	defer func() { close(stop); <-said }()
	busy := 0
	for {
		got, ok := talker.next()
		switch {
		case !ok:
			return fmt.Sprintf("%d busy, and the talker: %s", busy, talker.ended())
		case got.Error == string(protocol.CodeBusy):
			busy++
		case got.Kind == string(protocol.EventAway) && got.Peer == d.peer && busy > 0:
			return "who signals is told busy; then it is away"
		case got.Kind == string(protocol.EventAway) && got.Peer == d.peer:
			return "it is away"
		}
	}
}

// talker is a good peer in the attacker's room, over a socket.
func (c *caller) talker(a *attacker) (*link, string) {
	l, err := c.hello(a.ctx, bySocket, helloOf(""))
	if err != nil {
		return nil, err.Error()
	}
	a.closes = append(a.closes, l.Close)
	if err := l.join(a.room); err != nil {
		return nil, err.Error()
	}
	return l, ""
}

// deafen makes the peer that does not read, over the attacker's way.
func (a *attacker) deafen() (deaf, string) {
	hello := helloOf("")
	d := deaf{instance: hello.Instance}
	opening, join := string(protocol.Encode(hello)), string(protocol.Encode(protocol.Join{Room: a.room}))
	switch a.way {
	case bySocket:
		s, trouble := a.bare()
		if s == nil {
			return d, trouble
		}
		s.write(frame(finText, true, opening) + frame(finText, true, join))
		for {
			_, payload, err := s.next()
			if err != nil {
				return d, err.Error()
			}
			if got := parseLine(payload); got.Type == "welcome" {
				d.peer = got.Peer
			} else if got.Type == "joined" {
				return d, ""
			}
		}
	case byStream:
		p := a.dial(fmt.Sprintf("POST /v1/stream HTTP/1.1\r\nHost: HOST\r\nContent-Length: %d\r\n\r\n%s", len(opening), opening))
		response, err := http.ReadResponse(bufio.NewReader(p.Conn), nil)
		if err != nil {
			return d, err.Error()
		}
		a.closes = append(a.closes, func() { response.Body.Close() })
		lines := bufio.NewReader(response.Body)
		for {
			raw, err := lines.ReadBytes('\n')
			if err != nil {
				return d, err.Error()
			}
			switch got := parseLine(raw); got.Type {
			case "opened":
				refusal, _ := a.post(a.ctx, "send", string(protocol.Encode(protocol.Send{Carrier: got.Carrier, N: 1}))+"\n"+join)
				if refusal != "" {
					return d, refusal
				}
			case "welcome":
				d.peer = got.Peer
			case "joined":
				return d, ""
			}
		}
	}
	carrier, cursor, trouble := "", uint64(0), ""
	refusal, answer := a.post(a.ctx, "poll", opening)
	head, rest, _ := strings.Cut(string(answer), "\n")
	polled, err := protocol.DecodeLine[protocol.Polled]([]byte(head))
	if refusal != "" || err != nil {
		return d, fmt.Sprint(refusal, err)
	}
	carrier, cursor = polled.Carrier, polled.Cursor
	welcome, _, _ := strings.Cut(rest, "\n")
	d.peer = parseLine([]byte(welcome)).Peer
	trouble = refusalOf(a.post(a.ctx, "send", string(protocol.Encode(protocol.Send{Carrier: carrier, N: 1}))+"\n"+join))
	if trouble == "" {
		trouble = refusalOf(a.post(a.ctx, "poll", pollOf(carrier, cursor)))
	}
	return d, trouble
}
