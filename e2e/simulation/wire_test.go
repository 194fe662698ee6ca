package simulation

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// scanner finds the frames in one direction of a connection: those of a WebSocket, and the lines in the bodies of HTTP/1.1
// messages, one behind the other.
type scanner struct {
	frame func(text []byte)   // for each; nil for what is none but says as much as one: a ping, a pong, a heartbeat or a close
	line  func(protocol.Type) // for each line that only HTTP needs, such as polled; may be nil

	next func() bool // takes what comes next from rest, if all of it is there; nil is a header
	rest []byte      // what was not taken
	left int         // bytes of a body or a chunk that have not come
	text []byte      // the line that has no end yet
}

func (s *scanner) scan(b []byte) {
	s.rest = append(s.rest, b...)
	if s.next == nil {
		s.next = s.header
	}
	for s.next() {
	}
	if len(s.rest) == 0 {
		s.rest = nil
	}
}

// until takes what there is before an end, and the end.
func (s *scanner) until(end string) (before string, found bool) {
	part, after, found := bytes.Cut(s.rest, []byte(end))
	if found {
		s.rest = after
	}
	return string(part), found
}

// header takes the header of a request or an answer (RFC 9112, section 2.1), which says what its body is.
func (s *scanner) header() bool {
	head, found := s.until("\r\n\r\n")
	if !found {
		return false
	}
	s.left = 0
	s.next = s.sized
	for line := range strings.SplitSeq(strings.ToLower(head), "\r\n") {
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "upgrade":
			s.next = s.socket
		case "content-length":
			s.left, _ = strconv.Atoi(value)
		case "transfer-encoding":
			s.next = s.chunk
		}
	}
	return true
}

// sized takes a body of a known length.
func (s *scanner) sized() bool {
	if s.left > 0 {
		return s.take()
	}
	s.endOfLine()
	s.next = s.header
	return len(s.rest) > 0
}

// chunk takes the head of a chunk (RFC 9112, section 7.1). Behind the last one, which is empty, there is an empty line.
func (s *scanner) chunk() bool {
	head, found := s.until("\r\n")
	if !found {
		return false
	}
	size, _ := strconv.ParseInt(head, 16, 32)
	s.left, s.next = int(size), s.chunked
	if size == 0 {
		s.next = s.trailer
	}
	return true
}

// chunked takes what is in a chunk, and the line break behind it.
func (s *scanner) chunked() bool {
	if s.left > 0 {
		return s.take()
	}
	if _, found := s.until("\r\n"); !found {
		return false
	}
	s.next = s.chunk
	return true
}

func (s *scanner) trailer() bool {
	if _, found := s.until("\r\n"); !found {
		return false
	}
	s.endOfLine()
	s.next = s.header
	return true
}

// take takes what has come of a body, line by line.
func (s *scanner) take() bool {
	n := min(s.left, len(s.rest))
	for line := range bytes.Lines(s.rest[:n]) {
		s.text = append(s.text, bytes.TrimSuffix(line, []byte("\n"))...)
		if bytes.HasSuffix(line, []byte("\n")) {
			s.endOfLine()
		}
	}
	s.left, s.rest = s.left-n, s.rest[n:]
	return n > 0
}

// endOfLine judges a line: a frame, what only HTTP needs, or neither.
func (s *scanner) endOfLine() {
	text := bytes.TrimPrefix(s.text, []byte("data: "))
	s.text = nil
	switch {
	case bytes.HasPrefix(text, []byte(":")):
		s.frame(nil)
	case bytes.HasPrefix(text, []byte("{")):
		env, _ := protocol.Parse(text) // which names the type also of what is no frame
		switch env.Type {
		case protocol.TypeClose:
			s.frame(nil)
		case protocol.TypeOpened, protocol.TypeSend, protocol.TypeSent, protocol.TypePoll, protocol.TypePolled:
			if s.line != nil {
				s.line(env.Type)
			}
		default:
			s.frame(text)
		}
	}
}

// socket takes one frame of a WebSocket (RFC 6455, section 5.2).
func (s *scanner) socket() bool {
	b := s.rest
	if len(b) < 2 {
		return false
	}
	const text, masked = 1, 0x80
	head, size := 2, int(b[1]&0x7f)
	switch size {
	case 126:
		if head = 4; len(b) < head {
			return false
		}
		size = int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if head = 10; len(b) < head {
			return false
		}
		size = int(binary.BigEndian.Uint64(b[2:]))
	}
	var mask [4]byte
	if b[1]&masked != 0 {
		if len(b) < head+4 {
			return false
		}
		copy(mask[:], b[head:])
		head += 4
	}
	if len(b) < head+size {
		return false
	}
	payload := bytes.Clone(b[head : head+size])
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	s.rest = b[head+size:]
	if b[0]&0x0f != text {
		payload = nil
	}
	s.frame(payload)
	return true
}
