//go:build unix

package e2e

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// upgrade is a good request for a WebSocket; a list of others is made of it.
const upgrade = "GET /v1/ws HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: beckon.v1\r\n\r\n"

// bareSocket is a WebSocket whose frames are made by hand (RFC 6455, section 5.2).
type bareSocket struct {
	*plug
	in *bufio.Reader
}

func (a *attacker) bare() (*bareSocket, string) {
	s := &bareSocket{plug: a.dial(upgrade)}
	s.in = bufio.NewReader(s.Conn)
	response, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return nil, err.Error()
	}
	response.Body.Close()
	if response.StatusCode != http.StatusSwitchingProtocols {
		return nil, response.Status
	}
	return s, ""
}

// frame makes one: its first byte (FIN, RSV and the opcode), masked with zeros, or not at all.
func frame(first byte, masked bool, payload string) string {
	header := []byte{first}
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		header = append(header, bit|byte(n))
	case n < 1<<16:
		header = binary.BigEndian.AppendUint16(append(header, bit|126), uint16(n))
	default:
		header = binary.BigEndian.AppendUint64(append(header, bit|127), uint64(n))
	}
	if masked {
		header = append(header, 0, 0, 0, 0)
	}
	return string(header) + payload
}

// The opcodes, with FIN.
const (
	finText, finBinary, finClose, finPing = 0x81, 0x82, 0x88, 0x89
	finNext, textBegins, nextOne, rsv1    = 0x80, 0x01, 0x00, 0x40
)

// next returns the next frame that is not a ping or pong.
func (s *bareSocket) next() (opcode byte, payload []byte, err error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(s.in, head[:]); err != nil {
			return 0, nil, err
		}
		size := uint64(head[1] & 0x7f)
		for _, long := range []struct {
			mark uint64
			wide int
		}{{126, 2}, {127, 8}} {
			if size == long.mark {
				wide := make([]byte, 8)
				if _, err := io.ReadFull(s.in, wide[8-long.wide:]); err != nil {
					return 0, nil, err
				}
				size = binary.BigEndian.Uint64(wide)
				break
			}
		}
		if size > 1<<20 {
			return 0, nil, errors.New("a frame of more than 1 MiB")
		}
		payload = make([]byte, size)
		if _, err := io.ReadFull(s.in, payload); err != nil {
			return 0, nil, err
		}
		if opcode = head[0] & 0x0f; opcode != 9 && opcode != 10 {
			return opcode, payload, nil
		}
	}
}

// result reads to the end: the codes of the errors, "a session" for a welcome, and how it ended. With live, a pong for the marker
// is an end too.
func (s *bareSocket) result() string {
	var said []string
	for {
		opcode, payload, err := s.next()
		switch {
		case err != nil:
			return strings.Join(append(said, "cut"), ", ")
		case opcode == finClose&0x0f && len(payload) < 2:
			return strings.Join(append(said, "closed without a code"), ", ")
		case opcode == finClose&0x0f:
			code := binary.BigEndian.Uint16(payload)
			text := ""
			if code >= 4000 {
				text = " " + string(payload[2:])
			}
			return strings.Join(append(said, fmt.Sprintf("%d%s", code, text)), ", ")
		}
		switch got := parseLine(payload); {
		case got.Error != "":
			said = append(said, got.Error)
		case got.Type == "welcome":
			said = append(said, "a session")
		case got.Type == "pong":
			return strings.Join(append(said, "it lives"), ", ")
		}
	}
}

// hostileSockets are what only a WebSocket can get wrong.
func hostileSockets() assaults {
	alone := func(outcome string) [3]string { return [3]string{outcome, "", ""} }
	shake := func(name, want, part, other string) assault {
		return assault{name, alone(want), func(a *attacker) string {
			return a.dial(strings.Replace(upgrade, part, other, 1)).status()
		}}
	}
	writes := func(name, want string, texts ...string) assault {
		return assault{name, alone(want), func(a *attacker) string {
			s, trouble := a.bare()
			if s == nil {
				return trouble
			}
			s.write(strings.Join(texts, ""))
			return s.result()
		}}
	}
	hello := frame(finText, true, goodHello)
	ping := frame(finText, true, `{"type":"ping"}`)
	return assaults{title: "The WebSocket", list: []assault{
		shake("no subprotocol", "HTTP 400", "Sec-WebSocket-Protocol: beckon.v1\r\n", ""),
		shake("another subprotocol", "HTTP 400", "beckon.v1", "mqtt"),
		shake("version 12", "HTTP 400", "Version: 13", "Version: 12"),
		shake("a key that is none", "HTTP 400", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAA"),
		shake("an upgrade to something else", "HTTP 426", "Upgrade: websocket", "Upgrade: h2c"),
		shake("a POST", "HTTP 405", "GET", "POST"),
		writes("a binary message", "4502 binary-frame", frame(finBinary, true, goodHello)),
		writes("a binary message in a session", "a session, 4502 binary-frame", hello, frame(finBinary, true, "\x00\x01")),
		writes("a frame without a mask", "1002", frame(finText, false, goodHello)),
		writes("a frame that says it is compressed", "1002", frame(finText|rsv1, true, goodHello)),
		writes("a reserved opcode", "1002", frame(0x83, true, goodHello)),
		writes("a ping of 126 bytes", "1002", frame(finPing, true, strings.Repeat("p", 126))),
		writes("a ping in parts", "1002", frame(finPing&0x7f, true, "p")),
		writes("a part of nothing", "1002", frame(finNext, true, goodHello)),
		writes("a message within a message", "1002", frame(textBegins, true, goodHello), frame(finText, true, goodHello)),
		writes("a frame of 2^63 bytes", "4501 frame-too-large", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"),
		writes("a close of one byte", "closed without a code", frame(finClose, true, "\x03")),
		writes("a close with a code that must not be sent", "1002", frame(finClose, true, "\x03\xed")),
		writes("a close that is not UTF-8", "1002", frame(finClose, true, "\x03\xe8\xff\xff")),
		writes("a hello in 65 parts", "a session, it lives", frame(textBegins, true, ""), inParts(goodHello), frame(finNext, true, ""), ping),
		writes("10,000 empty parts and a hello", "a session, it lives", frame(textBegins, true, ""),
			strings.Repeat(frame(nextOne, true, ""), 10_000), frame(finNext, true, goodHello), ping),
		writes("a frame of 70,000 bytes in parts", "a session, 4501 frame-too-large", hello, frame(textBegins, true, `{"x":"`),
			strings.Repeat(frame(nextOne, true, strings.Repeat("x", 1000)), 70)),
		writes("10,000 WebSocket pings", "a session, it lives", hello, strings.Repeat(frame(finPing, true, "p"), 10_000), ping),
		writes("10,000 pongs that nobody asked for", "a session, it lives", hello, strings.Repeat(frame(0x8a, true, "p"), 10_000), ping),
		writes("random bytes", "1002", "\xa7\x13\x5e\x99\x00\xfe\x10\x42\x77\x01\x02\x03\x04"),
	}}
}

// inParts are the bytes of a message, each a part of its own.
func inParts(message string) string {
	var parts strings.Builder
	for i := range len(message) {
		parts.WriteString(frame(nextOne, true, message[i:i+1]))
	}
	return parts.String()
}

// hostileSilence are those who say nothing, or little, or do not listen.
func hostileSilence() assaults {
	post := func(endpoint string, size int, part string) string {
		return fmt.Sprintf("POST /v1/%s HTTP/1.1\r\nHost: HOST\r\nContent-Length: %d\r\n\r\n%s", endpoint, size, part)
	}
	return assaults{title: "Silence", slow: true, list: []assault{
		{"a connection on which nothing comes", everywhere("cut"), func(a *attacker) string { return a.dial("").status() }},
		{"headers that do not end, a byte a second", everywhere("cut"), func(a *attacker) string {
			return a.dial("POST /v1/" + string(a.way) + " HTTP/1.1\r\nX: ").drip()
		}},
		{"no hello", [3]string{"4002 hello-timeout", "HTTP 408 body-too-slow", "HTTP 408 body-too-slow"}, func(a *attacker) string {
			if a.way != bySocket {
				return a.dial(post(string(a.way), len(goodHello), "")).status()
			}
			s, trouble := a.bare()
			if s == nil {
				return trouble
			}
			return s.result()
		}},
		{"a hello, a byte a second", [3]string{"4002 hello-timeout", "HTTP 408 body-too-slow", "HTTP 408 body-too-slow"}, func(a *attacker) string {
			if a.way != bySocket {
				return a.dial(post(string(a.way), len(goodHello), "{")).drip()
			}
			s, trouble := a.bare()
			if s == nil {
				return trouble
			}
			go s.dripping()
			s.write(frame(finText, true, goodHello)[:8])
			return s.result()
		}},
		{"1 TB announced, a byte a second", [3]string{"4002 hello-timeout", "HTTP 408 body-too-slow", "HTTP 408 body-too-slow"}, func(a *attacker) string {
			if a.way != bySocket {
				return a.dial(strings.Replace(post(string(a.way), 0, "{"), "Length: 0", "Length: 1099511627776", 1)).drip()
			}
			s, trouble := a.bare()
			if s == nil {
				return trouble
			}
			s.write("\x81\xff\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
			go s.dripping()
			return s.result()
		}},
		{"a body of frames, a byte a second", overHTTP("HTTP 408 body-too-slow, and the session lives"), func(a *attacker) string {
			l, trouble := a.begin()
			if l == nil {
				return trouble
			}
			body := l.body(1, `{"type":"ping"}`)
			got := a.dial(post("send", len(body), body[:20])).drip()
			if after := l.outcome(); after != "nothing" {
				return got + ", then " + after
			}
			return got + ", and the session lives"
		}},
		{"nothing said for the heartbeat's timeout", [3]string{"4001 heartbeat-timeout", "4001 heartbeat-timeout", ""}, silent},
		{"no poll for the heartbeat's timeout", [3]string{"", "", "HTTP 404 unknown-carrier"}, func(a *attacker) string {
			carrier, cursor, trouble := polls(a)
			if trouble != "" {
				return trouble
			}
			quiet := time.NewTimer(silenceTimeout + 12*time.Second) // and what a close waits to be fetched
			defer quiet.Stop()
			select {
			case <-quiet.C:
			case <-a.ctx.Done():
			}
			return refusalOf(a.post(a.ctx, "poll", pollOf(carrier, cursor)))
		}},
		{"a reader that never reads", everywhere("who signals is told busy; then it is away"), neverReads},
	}}
}

// silenceTimeout is that of the server's heartbeat.
const silenceTimeout = 25 * time.Second

// drip writes a byte a second until an answer comes.
func (p *plug) drip() string {
	go p.dripping()
	return p.status()
}

// dripping ends when the connection does.
func (p *plug) dripping() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for range tick.C {
		if _, err := p.Write([]byte(" ")); err != nil {
			return
		}
	}
}

// silent says nothing after its hello, and does not answer a WebSocket's pings either.
func silent(a *attacker) string {
	if a.way == bySocket {
		s, trouble := a.bare()
		if s == nil {
			return trouble
		}
		s.write(frame(finText, true, goodHello))
		return strings.TrimPrefix(s.result(), "a session, ")
	}
	l, trouble := a.begin()
	if l == nil {
		return trouble
	}
	_, codes := l.until(func(line) bool { return false })
	return strings.Join(codes, ", ")
}
