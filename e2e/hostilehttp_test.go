//go:build unix

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// withPing posts a body to /v1/send, in which CARRIER stands for that of a session that is open, and shows that this lives.
func withPing(a *attacker, body string) string {
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	refusal, _ := a.post(a.ctx, "send", strings.ReplaceAll(body, "CARRIER", l.carrier))
	if refusal == "" {
		refusal = "taken"
	}
	if after := l.outcome(); after != "nothing" {
		return refusal + ", then " + after
	}
	return refusal
}

// pollBody is a body for /v1/poll, in which CARRIER stands for that of a session of the attacker's way.
func pollBody(a *attacker, body string) string {
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	refusal, _ := a.post(a.ctx, "poll", strings.ReplaceAll(body, "CARRIER", l.carrier))
	if refusal == "" {
		return "answered"
	}
	if after := l.outcome(); after != "nothing" {
		return refusal + ", then " + after
	}
	return refusal
}

// hostileBodies are requests that are not what the carriers over HTTP want.
func hostileBodies() []assaults {
	says := func(codes ...string) []string { return append([]string{""}, codes...) }
	wrong := says("HTTP 400 bad-request")
	send := spokenTo(withPing, []spoken{
		{"nothing", "", wrong},
		{"frames without a send line", `{"type":"ping"}`, wrong},
		{"not JSON", "carrier=CARRIER&n=1", wrong},
		{"compressed", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", wrong},
		{"no carrier", `{"type":"send","n":1}`, wrong},
		{"an empty carrier", `{"type":"send","carrier":"","n":1}`, wrong},
		{"a carrier of 65 bytes", `{"type":"send","carrier":"` + strings.Repeat("c", 65) + `","n":1}`, wrong},
		{"a carrier that is a number", `{"type":"send","carrier":1,"n":1}`, wrong},
		{"a carrier twice", `{"type":"send","carrier":"CARRIER","carrier":"x","n":1}`, wrong},
		{"a carrier that nobody has", `{"type":"send","carrier":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","n":1}`, says("HTTP 404 unknown-carrier")},
		{"a carrier that is a path", `{"type":"send","carrier":"../../secret","n":1}`, says("HTTP 404 unknown-carrier")},
		{"no number", `{"type":"send","carrier":"CARRIER"}`, wrong},
		{"number 0", `{"type":"send","carrier":"CARRIER","n":0}`, wrong},
		{"number -1", `{"type":"send","carrier":"CARRIER","n":-1}`, wrong},
		{"number 1.5", `{"type":"send","carrier":"CARRIER","n":1.5}`, wrong},
		{"number as a string", `{"type":"send","carrier":"CARRIER","n":"1"}`, wrong},
		{"number twice", `{"type":"send","carrier":"CARRIER","n":1,"n":2}`, wrong},
		{"number 2^53", `{"type":"send","carrier":"CARRIER","n":9007199254740992}`, wrong},
		{"number 2 before number 1", `{"type":"send","carrier":"CARRIER","n":2}`, says("HTTP 409 stale-request")},
		{"the largest number", `{"type":"send","carrier":"CARRIER","n":9007199254740991}`, says("HTTP 409 stale-request")},
		{"65 frames", `{"type":"send","carrier":"CARRIER","n":1}` + strings.Repeat("\n{}", 65), says("HTTP 413 body-too-large")},
		{"262,145 bytes", `{"type":"send","carrier":"CARRIER","n":1}` + strings.Repeat("\n", 262_145-41), says("HTTP 413 body-too-large")},
		{"4 MiB", `{"type":"send","carrier":"CARRIER","n":1}` + strings.Repeat(" ", 4<<20), says("HTTP 413 body-too-large")},
		{"a byte that is not UTF-8", "{\"type\":\"send\",\"carrier\":\"CARRIER\xff\",\"n\":1}", wrong},
		{"a poll", `{"type":"poll","carrier":"CARRIER","cursor":0}`, wrong},
		{"a hello", goodHello, wrong},
	})
	send = append(send,
		assault{"two send lines", overHTTP("unknown-type"), func(a *attacker) string { return twice(a, `{"type":"send","carrier":"x","n":2}`) }},
		assault{"a body again, with the same number", overHTTP("answered again, applied once"), replayedSend},
		assault{"a body again, with a number of before", overHTTP("HTTP 409 stale-request"), staleSend},
		assault{"a body for a session that has ended", overHTTP("HTTP 404 unknown-carrier"), afterBye},
		assault{"a second body while the first one comes", overHTTP("both are taken, in turn"), inTurn},
	)
	poll := spokenTo(pollBody, []spoken{
		{"no carrier", `{"type":"poll","cursor":0}`, says("", "HTTP 400 bad-request")},
		{"a carrier that nobody has", `{"type":"poll","carrier":"x","cursor":0}`, says("", "HTTP 404 unknown-carrier")},
		{"the carrier of a stream", `{"type":"poll","carrier":"CARRIER","cursor":0}`, says("HTTP 404 unknown-carrier", "")},
		{"cursor -1", `{"type":"poll","carrier":"CARRIER","cursor":-1}`, says("", "HTTP 400 bad-request")},
		{"cursor 1.5", `{"type":"poll","carrier":"CARRIER","cursor":1.5}`, says("", "HTTP 400 bad-request")},
		{"cursor as a string", `{"type":"poll","carrier":"CARRIER","cursor":"1"}`, says("", "HTTP 400 bad-request")},
		{"cursor null", `{"type":"poll","carrier":"CARRIER","cursor":null,"cursor":1}`, says("", "HTTP 400 bad-request")},
		{"cursor 2^53", `{"type":"poll","carrier":"CARRIER","cursor":9007199254740992}`, says("", "HTTP 400 bad-request")},
		{"a cursor of what is not yet", `{"type":"poll","carrier":"CARRIER","cursor":1000000}`, says("", "HTTP 409 stale-request")},
		{"frames behind it", "{\"type\":\"poll\",\"carrier\":\"CARRIER\",\"cursor\":0}\n{\"type\":\"ping\"}", says("", "HTTP 400 bad-request")},
	})
	poll = append(poll,
		assault{"a replayed poll", [3]string{"", "", "HTTP 409 stale-request"}, replayedPoll},
		assault{"the newest poll once more", [3]string{"", "", "the same lines"}, samePoll},
		assault{"two polls at once", [3]string{"", "", "the older one: HTTP 409 stale-request"}, twoPolls},
	)
	return []assaults{
		{title: "The body of a send", list: send},
		{title: "The body of a poll", list: poll},
		{title: "The request", list: hostileRequests()},
	}
}

func twice(a *attacker, frame string) string {
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	return l.outcome(frame)
}

func replayedSend(a *attacker) string {
	l, trouble := a.enter()
	if l == nil {
		return trouble
	}
	l.sends++
	body := l.body(l.sends, `{"type":"signal","room":"`+a.room+`","to":"`+l.peer+`","toInstance":"`+l.instance+`","n":1,"data":1}`)
	for range 3 {
		if refusal, _ := a.post(a.ctx, "send", body); refusal != "" {
			return refusal
		}
	}
	if got := l.outcome(); got != "signal" {
		return "applied as " + got
	}
	return "answered again, applied once"
}

func staleSend(a *attacker) string {
	l, trouble := a.enter() // which was body 1
	if l == nil {
		return trouble
	}
	if refusal := l.say(`{"type":"ping"}`); refusal != "" {
		return refusal
	}
	return orAfter(l, refusalOf(a.post(a.ctx, "send", l.body(1, `{"type":"bye"}`))))
}

func refusalOf(refusal string, _ []byte) string { return refusal }

// orAfter is a refusal behind which the session lives, or what else became of it.
func orAfter(l *link, refusal string) string {
	if after := l.outcome(); after != "nothing" {
		return refusal + ", then " + after
	}
	return refusal
}

func afterBye(a *attacker) string {
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	l.say(`{"type":"bye"}`)
	if _, codes := l.until(func(line) bool { return false }); codes[0] != "1000 normal" {
		return strings.Join(codes, ", ")
	}
	return l.say(`{"type":"ping"}`)
}

// inTurn posts a body while the one before it is held up on the way.
func inTurn(a *attacker) string {
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	body := l.body(1, `{"type":"ping","t":1}`)
	held := a.dial("POST /v1/send HTTP/1.1\r\nHost: HOST\r\nContent-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body[:len(body)-1])
	defer held.Close()
	if refusal, _ := a.post(a.ctx, "send", l.body(2, `{"type":"ping","t":2}`)); refusal != "HTTP 409 stale-request" {
		return "number 2 before number 1: " + refusal
	}
	held.write(body[len(body)-1:])
	if got := held.status(); got != "HTTP 200" {
		return got
	}
	l.sends = 1
	if got := l.outcome(); got != "nothing" {
		return got
	}
	return "both are taken, in turn"
}

// polls opens a session by hand and answers the hello: the carrier, and the cursor of the first answer.
func polls(a *attacker) (carrier string, cursor uint64, trouble string) {
	hello := helloOf("")
	refusal, answer := a.post(a.ctx, "poll", string(protocol.Encode(hello)))
	if refusal != "" {
		return "", 0, refusal
	}
	head, _, _ := strings.Cut(string(answer), "\n")
	polled, err := protocol.DecodeLine[protocol.Polled]([]byte(head))
	if err != nil {
		return "", 0, err.Error()
	}
	return polled.Carrier, polled.Cursor, ""
}

// pong has a pong come down, so that a poll has something to bring.
func pong(a *attacker, carrier string, n uint64) string {
	head := string(protocol.Encode(protocol.Send{Carrier: carrier, N: n}))
	refusal, _ := a.post(a.ctx, "send", head+"\n"+`{"type":"ping"}`)
	return refusal
}

func pollOf(carrier string, cursor uint64) string {
	return string(protocol.Encode(protocol.Poll{Carrier: carrier, Cursor: cursor}))
}

func replayedPoll(a *attacker) string {
	carrier, cursor, trouble := polls(a)
	if trouble != "" {
		return trouble
	}
	for n := range uint64(2) {
		if refusal := pong(a, carrier, n+1); refusal != "" {
			return refusal
		}
		if refusal, _ := a.post(a.ctx, "poll", pollOf(carrier, cursor+n)); refusal != "" {
			return refusal
		}
	}
	return refusalOf(a.post(a.ctx, "poll", pollOf(carrier, cursor)))
}

func samePoll(a *attacker) string {
	carrier, cursor, trouble := polls(a)
	if trouble == "" {
		trouble = pong(a, carrier, 1)
	}
	if trouble != "" {
		return trouble
	}
	refusal, one := a.post(a.ctx, "poll", pollOf(carrier, cursor))
	again, two := a.post(a.ctx, "poll", pollOf(carrier, cursor))
	if refusal+again != "" || string(one) != string(two) || !strings.Contains(string(one), "pong") {
		return fmt.Sprintf("%s%s %q, then %q", refusal, again, one, two)
	}
	return "the same lines"
}

func twoPolls(a *attacker) string {
	carrier, cursor, trouble := polls(a)
	if trouble != "" {
		return trouble
	}
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	ends := make(chan string, 2)
	for range 2 {
		go func() { ends <- refusalOf(a.post(ctx, "poll", pollOf(carrier, cursor))) }()
	}
	older := <-ends
	cancel()
	<-ends
	return "the older one: " + older
}

// plug is a connection on which a request is written by hand.
type plug struct {
	net.Conn
	trouble error
}

// dial connects and writes, HOST being the server's. What goes wrong is told by status.
func (a *attacker) dial(text string) *plug {
	host := strings.TrimPrefix(a.base, "http://")
	var d net.Dialer
	p := &plug{}
	if p.Conn, p.trouble = d.DialContext(a.ctx, "tcp", host); p.trouble != nil {
		p.Conn, _ = net.Pipe() // on which all fails
		p.Conn.Close()
		return p
	}
	a.closes = append(a.closes, func() { p.Close() })
	if by, ok := a.ctx.Deadline(); ok {
		_ = p.SetDeadline(by)
	}
	text = strings.ReplaceAll(text, "Host: HOST\r\n", "Host: "+host+"\r\nX-Forwarded-For: "+a.header.Get("X-Forwarded-For")+"\r\n")
	p.write(text)
	return p
}

func (p *plug) write(text string) {
	if p.trouble == nil {
		_, p.trouble = p.Write([]byte(text))
	}
}

// status reads the answer: as statusText does, or "cut" if the connection ends without one.
func (p *plug) status() string {
	response, err := http.ReadResponse(bufio.NewReader(p.Conn), nil)
	if err != nil {
		return "cut"
	}
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusSwitchingProtocols {
		response.Body.Close()
		return fmt.Sprintf("HTTP %d", response.StatusCode)
	}
	return refusedBy(response, nil)
}
