//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// marker is what a ping says whose pong shows that the connection has outlived what was said before.
const marker = 4242

// later says the text in a session that has joined a room, and then a ping. ROOM, SELF and MINE stand for that room, and for the
// attacker's own peer and instance.
func later(a *attacker, text string) string {
	l, trouble := a.enter()
	if l == nil {
		return trouble
	}
	return l.outcome(strings.NewReplacer("ROOM", a.room, "SELF", l.peer, "MINE", l.instance).Replace(text))
}

// outcome says frames and tells what came of them: the codes of errors, what else was said to them, and the close or a refusal.
func (l *link) outcome(frames ...string) string {
	ping := fmt.Sprintf(`{"type":"ping","t":%d}`, marker)
	refusal := l.say(append(frames, ping)...)
	var codes []string
	if strings.HasPrefix(refusal, "HTTP 4") && !strings.HasSuffix(refusal, "unknown-carrier") {
		codes = append(codes, refusal)
		l.sends-- // it counts only if it was taken
		l.say(ping)
	}
	_, more := l.until(func(got line) bool {
		switch got.Type {
		case string(protocol.TypeSignal), string(protocol.TypeReceipt), string(protocol.TypeEvent), string(protocol.TypeJoined):
			codes = append(codes, got.Type)
		}
		return got.Type == string(protocol.TypePong) && got.T == marker
	})
	if codes = append(codes, more...); len(codes) == 0 {
		return "nothing"
	}
	return strings.Join(codes, ", ")
}

// hostileFrames are frames within a session.
func hostileFrames() assaults {
	const bad, nothing = "bad-frame", "nothing"
	says := func(codes ...string) []string { return codes }
	return assaults{title: "A frame in a session", list: spokenTo(later, []spoken{
		{"not JSON", "hello?", says(bad)},
		{"an array", "[1]", says(bad)},
		{"an empty frame", "", says(bad, nothing)},
		{"truncated", `{"type":"message","room":"ROOM","n":1,"data":{"a":`, says(bad)},
		{"two frames in one", `{"type":"ack","room":"ROOM","position":0}{"type":"ack","room":"ROOM","position":0}`, says(bad)},
		{"a frame over two lines", "{\"type\":\"ack\",\n\"room\":\"ROOM\",\"position\":0}", says(nothing, bad+", "+bad)},
		{"a byte that is not UTF-8", "{\"type\":\"message\",\"room\":\"ROOM\",\"n\":1,\"data\":\"\xfe\"}", says(bad)},
		{"no type", `{"room":"ROOM"}`, says(bad)},
		{"an unknown type", `{"type":"subscribe","room":"ROOM"}`, says("unknown-type")},
		{"a line of a carrier over HTTP", `{"type":"send","carrier":"x","n":1}`, says("unknown-type")},
		{"a close line", `{"type":"close","code":4000,"reason":"going-away"}`, says("unknown-type")},
		{"a second hello", goodHello, says("unexpected-hello")},
		{"a welcome", `{"type":"welcome","version":"beckon.v1","peer":"SELF"}`, says(bad)},
		{"a joined", `{"type":"joined","room":"ROOM"}`, says(bad)},
		{"an event", `{"type":"event","room":"ROOM","kind":"left","position":9,"peer":"SELF"}`, says(bad)},
		{"an ice", `{"type":"ice","iceServers":[]}`, says(bad)},
		{"a goaway", `{"type":"goaway","within":0}`, says(bad)},
		{"an error", `{"type":"error","code":"internal","message":"x"}`, says(bad)},
		{"65,536 bytes", padded(`{"type":"pong"}`, 65_536), says(nothing)},
		{"65,537 bytes", padded(`{"type":"pong"}`, 65_537), says("4501 frame-too-large")},
		{"300,000 bytes", padded(`{"type":"pong"}`, 300_000), says("4501 frame-too-large", "HTTP 413 body-too-large")},

		{"join of no room", `{"type":"join"}`, says("bad-room")},
		{"join of an empty name", `{"type":"join","room":""}`, says("bad-room")},
		{"join of a name with a space", `{"type":"join","room":"a b"}`, says("bad-room")},
		{"join of a path", `{"type":"join","room":"../../etc"}`, says("bad-room")},
		{"join of markup", `{"type":"join","room":"<b>"}`, says("bad-room")},
		{"join of a name of 65 letters", `{"type":"join","room":"` + strings.Repeat("a", 65) + `"}`, says(bad)},
		{"join of a name that is not ASCII", `{"type":"join","room":"thé"}`, says("bad-room")},
		{"join of a pattern", `{"type":"join","room":"*"}`, says("bad-room")},
		{"join of a number", `{"type":"join","room":7}`, says(bad)},
		{"join of null", `{"type":"join","room":null}`, says(bad)},
		{"join of an array of rooms", `{"type":"join","room":["a","b"]}`, says(bad)},
		{"join of two rooms", `{"type":"join","room":"a","room":"b"}`, says(bad)},
		{"join with Room", `{"type":"join","room":"a","Room":"b"}`, says(bad)},
		{"join of an escaped name", `{"type":"join","room":"t\u0065a"}`, says(bad)},
		{"topology star", `{"type":"join","room":"ROOM","topology":"star"}`, says(bad)},
		{"topology a number", `{"type":"join","room":"ROOM","topology":1}`, says(bad)},
		{"epoch of 3 digits", `{"type":"join","room":"ROOM","epoch":"abc","position":1}`, says(bad)},
		{"position -1", `{"type":"join","room":"ROOM","epoch":"00000000000000a1","position":-1}`, says(bad)},
		{"position 1.5", `{"type":"join","room":"ROOM","epoch":"00000000000000a1","position":1.5}`, says(bad)},
		{"attributes an array", `{"type":"join","room":"ROOM","attributes":[]}`, says(bad)},
		{"attributes a string", `{"type":"join","room":"ROOM","attributes":"x"}`, says(bad)},
		{"attributes of 4,097 bytes", `{"type":"join","room":"ROOM","attributes":` + padded(`{"a":1}`, 4097) + `}`, says(bad)},
		{"attributes of 65 levels", `{"type":"join","room":"ROOM","attributes":` + nested(`{"x":`, "}", 64) + `}`, says(bad)},
		{"attributes twice", `{"type":"join","room":"ROOM","attributes":{},"attributes":{"a":1}}`, says(bad)},

		{"leave of a room that one is not in", `{"type":"leave","room":"elsewhere"}`, says("not-in-room")},
		{"leave of the witnesses' room", `{"type":"leave","room":"witnesses"}`, says("not-in-room")},
		{"leave of no room", `{"type":"leave"}`, says("bad-room")},
		{"update without attributes", `{"type":"update","room":"ROOM"}`, says(bad)},
		{"update of attributes to null", `{"type":"update","room":"ROOM","attributes":null}`, says(bad)},
		{"update in a room that one is not in", `{"type":"update","room":"witnesses","attributes":{}}`, says("not-in-room")},
		{"update of 5,000 bytes", `{"type":"update","room":"ROOM","attributes":` + padded(`{"a":1}`, 5000) + `}`, says(bad)},

		{"signal to nobody", `{"type":"signal","room":"ROOM","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal without an instance", `{"type":"signal","room":"ROOM","to":"SELF","n":1,"data":1}`, says(bad)},
		{"signal without data", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":1}`, says(bad)},
		{"signal without a number", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","data":1}`, says(bad)},
		{"signal number 0", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":0,"data":1}`, says(bad)},
		{"signal number -1", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":-1,"data":1}`, says(bad)},
		{"signal number 1.5", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":1.5,"data":1}`, says(bad)},
		{"signal number 2^53", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":9007199254740992,"data":1}`, says(bad)},
		{"signal number 2^64+1", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":18446744073709551617,"data":1}`, says(bad)},
		{"signal number as a string", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":"1","data":1}`, says(bad)},
		{"signal after itself", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"after":1,"data":1}`, says(bad)},
		{"signal from somebody else", `{"type":"signal","from":"eve","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal from another instance", `{"type":"signal","fromInstance":"00000000000000a1","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal From somebody else", `{"type":"signal","From":"eve","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal fr\\u006fm somebody else", `{"type":"signal","fr\u006fm":"eve","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal from null", `{"type":"signal","from":null,"room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal with two recipients", `{"type":"signal","room":"ROOM","to":"SELF","to":"eve","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal with data twice", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":1,"data":2}`, says(bad)},
		{"signal to an array", `{"type":"signal","room":"ROOM","to":["SELF"],"toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal to a name of 65 bytes", `{"type":"signal","room":"ROOM","to":"` + strings.Repeat("p", 65) + `","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal to a peer that is not", `{"type":"signal","room":"ROOM","to":"eve","toInstance":"MINE","n":1,"data":1}`, says("unknown-peer")},
		{"signal to an instance that is not", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"00000000000000a1","n":1,"data":1}`, says("stale-instance")},
		{"signal into the witnesses' room", `{"type":"signal","room":"witnesses","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says("not-in-room")},
		{"signal into no room", `{"type":"signal","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says(bad)},
		{"signal with data of 64 levels", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":` + nested("[", "]", 64) + `}`, says(bad)},
		{"signal with data that is no JSON", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":undefined}`, says(bad)},
		{"signal to oneself", `{"type":"signal","room":"ROOM","to":"SELF","toInstance":"MINE","n":1,"data":1}`, says("signal")},

		{"receipt number 0", `{"type":"receipt","room":"ROOM","to":"SELF","toInstance":"MINE","n":0}`, says(bad)},
		{"receipt from somebody else", `{"type":"receipt","from":"eve","room":"ROOM","to":"SELF","toInstance":"MINE","n":1}`, says(bad)},
		{"receipt to a peer that is not", `{"type":"receipt","room":"ROOM","to":"eve","toInstance":"MINE","n":1}`, says(nothing)},
		{"receipt into the witnesses' room", `{"type":"receipt","room":"witnesses","to":"SELF","toInstance":"MINE","n":1}`, says("not-in-room")},

		{"message number 0", `{"type":"message","room":"ROOM","n":0,"data":1}`, says(bad)},
		{"message without a number", `{"type":"message","room":"ROOM","data":1}`, says(bad)},
		{"message after itself", `{"type":"message","room":"ROOM","n":1,"after":1,"data":1}`, says(bad)},
		{"message after one that was not", `{"type":"message","room":"ROOM","n":9,"after":8,"data":1}`, says(nothing)},
		{"message without data", `{"type":"message","room":"ROOM","n":1}`, says(bad)},
		{"message to no room", `{"type":"message","n":1,"data":1}`, says("bad-room")},
		{"message to the witnesses", `{"type":"message","room":"witnesses","n":1,"data":1}`, says("not-in-room")},
		{"message with data of 64 levels", `{"type":"message","room":"ROOM","n":1,"data":` + nested(`{"a":`, "}", 64) + `}`, says(bad)},

		{"ack in the witnesses' room", `{"type":"ack","room":"witnesses","position":1}`, says("not-in-room")},
		{"ack of what is not yet", `{"type":"ack","room":"ROOM","position":9007199254740991}`, says(nothing)},
		{"ack of -1", `{"type":"ack","room":"ROOM","position":-1}`, says(bad)},
		{"ack of a string", `{"type":"ack","room":"ROOM","position":"1"}`, says(bad)},
		{"ping with a string", `{"type":"ping","t":"now"}`, says(bad)},
		{"ping with acks that are an array", `{"type":"ping","acks":["ROOM"]}`, says(bad)},
		{"ping with an ack of -1", `{"type":"ping","acks":{"ROOM":-1}}`, says(bad)},
		{"ping with acks of rooms that are not", `{"type":"ping","acks":{` + strings.ReplaceAll(numbered(100), "true", "1") + `}}`, says(nothing)},
		{"token that is empty", `{"type":"token","token":""}`, says(bad)},
		{"token that is a number", `{"type":"token","token":1}`, says(bad)},
		{"token that is missing", `{"type":"token"}`, says(bad)},
		{"bye that is none", `{"type":"bye"`, says(bad)},
	})}
}

// hostileOften are frames of which one would do no harm.
func hostileOften() assaults {
	return assaults{title: "Too much of something", slow: true, list: []assault{
		{"101 frames more that are refused than were accepted", everywhere("102 bad-frame, 4506 too-many-errors"), func(a *attacker) string {
			return repeated(a, 102, func(int) string { return "{}" })
		}},
		{"1,000 pings at once", everywhere("rate-limited; it lives"), flood},
		{"25 joins of a room", everywhere("20 joined, 6 rate-limited"), func(a *attacker) string {
			return repeated(a, 25, func(int) string { return `{"type":"join","room":"` + a.room + `"}` })
		}},
		{"10,000 rooms", everywhere("in 16 rooms; too-many-rooms, rate-limited"), manyRooms},
	}}
}

// repeated says a frame so often, and counts what comes. The join that begins a session counts.
func repeated(a *attacker, times int, frame func(i int) string) string {
	l, trouble := a.enter()
	if l == nil {
		return trouble
	}
	joined := 1
	counts, order := map[string]int{}, []string{}
	count := func(codes ...string) {
		for _, code := range codes {
			if counts[code]++; counts[code] == 1 {
				order = append(order, code)
			}
		}
	}
	for i := 0; i < times; i += 50 {
		var some []string
		for j := i; j < min(i+50, times); j++ {
			some = append(some, frame(j))
		}
		l.say(some...)
	}
	l.say(fmt.Sprintf(`{"type":"ping","t":%d}`, marker))
	_, codes := l.until(func(got line) bool {
		if got.Type == string(protocol.TypeJoined) {
			joined++
		}
		return got.Type == string(protocol.TypePong) && got.T == marker
	})
	count(codes...)
	var said []string
	if joined > 1 {
		said = append(said, fmt.Sprintf("%d joined", joined))
	}
	for _, code := range order {
		if counts[code] == 1 {
			said = append(said, code)
		} else {
			said = append(said, fmt.Sprintf("%d %s", counts[code], code))
		}
	}
	return strings.Join(said, ", ")
}

// flood says more pings than it may, waits for as long as it is told, and is heard again.
func flood(a *attacker) string {
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		for range 20 {
			some := make([]string, 50)
			for i := range some {
				some[i] = `{"type":"ping"}`
			}
			l.say(some...)
		}
	}()
	pongs, refused := 0, 0
	for pongs+refused < 1000 {
		got, ok := l.next()
		switch {
		case !ok:
			return "after " + fmt.Sprint(pongs+refused) + " answers: " + l.ended()
		case got.Type == string(protocol.TypePong):
			pongs++
		case got.Error == string(protocol.CodeRateLimited):
			refused++
		default:
			return got.raw
		}
	}
	<-said
	if refused == 0 {
		return "all were answered"
	}
	for {
		l.say(fmt.Sprintf(`{"type":"ping","t":%d}`, marker))
		got, codes := l.until(func(got line) bool { return got.Error == string(protocol.CodeRateLimited) || got.T == marker })
		switch {
		case len(codes) > 0:
			return "rate-limited; then " + strings.Join(codes, ", ")
		case got.T == marker:
			return "rate-limited; it lives"
		}
	}
}

// manyRooms joins 10,000 rooms as fast as the carrier takes it: a socket's buffers all at once; over HTTP a body waits for the one
// before it, so one at a time for some seconds, and then the rest at once, which are not even read as frames.
func manyRooms(a *attacker) string {
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	const rooms, some = 10_000, 50
	joins := func(i int) []string {
		all := make([]string, some)
		for j := range all {
			all[j] = fmt.Sprintf(`{"type":"join","room":"%s-%d"}`, a.room, i*some+j)
		}
		return all
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		until := time.Now().Add(4 * time.Second)
		for i := range rooms / some {
			if a.way == bySocket || time.Now().Before(until) {
				l.say(joins(i)...)
				continue
			}
			_, _ = a.post(l.ctx, "send", l.body(l.sends+uint64(rooms), joins(i)...))
		}
	}()
	in, codes := 0, map[string]bool{}
	for answers, over := 0, false; answers < 250 || !over; {
		select {
		case got, ok := <-l.lines:
			answers++
			switch {
			case !ok:
				return fmt.Sprintf("after %d answers: %s", answers, l.end)
			case got.Type == string(protocol.TypeJoined):
				in++
			default:
				codes[got.Error] = true
			}
		case <-said:
			said, over = nil, true
		case <-l.ctx.Done():
			return fmt.Sprintf("no end after %d answers", answers)
		}
	}
	outcome := fmt.Sprintf("in %d rooms", in)
	sep := "; "
	for _, code := range []string{"too-many-rooms", "rate-limited"} {
		if codes[code] {
			outcome += sep + code
			sep = ", "
		}
		delete(codes, code)
	}
	if len(codes) > 0 {
		outcome += fmt.Sprintf(", and %v", codes)
	}
	return outcome
}
