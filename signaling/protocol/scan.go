package protocol

import (
	"encoding/binary"
	"math/bits"
)

// scanner checks JSON (RFC 8259) and moves over it, without building anything. It is ours because a frame must be both
// checked and walked, and encoding/json can only check: doing both in one pass, eight bytes of a string at a time, takes a
// third of the time. FuzzScan holds it to json.Valid.
type scanner struct {
	b []byte
	i int
}

// peek returns the next byte, or 0 at the end; no JSON token begins with 0.
func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// take moves over c, if it is next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.i++
	return true
}

func (s *scanner) space() {
	for {
		switch s.peek() {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

func (s *scanner) bad() error { return Errorf(CodeBadFrame, "the frame is not JSON, at byte %d", s.i) }

// value moves over one value; depth is how deep it lies, the frame being 1.
func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '"':
		_, err := s.string()
		return err
	case c == '{':
		return s.object(depth, nil)
	case c == '[':
		return s.array(depth)
	case c == '-' || digit(c):
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.bad()
}

// object moves over an object, and shows each key, still escaped, with its raw value to field, if there is one.
func (s *scanner) object(depth int, field func(key, value []byte) error) error {
	if depth > MaxDepth {
		return errDepth()
	}
	s.i++ // the brace
	s.space()
	if s.take('}') {
		return nil
	}
	for {
		s.space()
		key, err := s.string()
		if err != nil {
			return err
		}
		s.space()
		if !s.take(':') {
			return s.bad()
		}
		s.space()
		start := s.i
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if field != nil {
			if err := field(key, s.b[start:s.i]); err != nil {
				return err
			}
		}
		s.space()
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.bad()
		}
	}
}

func (s *scanner) array(depth int) error {
	if depth > MaxDepth {
		return errDepth()
	}
	s.i++ // the bracket
	s.space()
	if s.take(']') {
		return nil
	}
	for {
		s.space()
		if err := s.value(depth + 1); err != nil {
			return err
		}
		s.space()
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.bad()
		}
	}
}

func errDepth() error { return Errorf(CodeBadFrame, "the frame nests deeper than %d", MaxDepth) }

// string moves over a string and returns what is between its quotes, still escaped.
func (s *scanner) string() ([]byte, error) {
	if !s.take('"') {
		return nil, s.bad()
	}
	start := s.i
	for {
		s.i += ordinary(s.b[s.i:])
		switch s.peek() {
		case '"':
			s.i++
			return s.b[start : s.i-1], nil
		case '\\':
			if !s.escape() {
				return nil, s.bad()
			}
		default: // a control character, or the end
			return nil, s.bad()
		}
	}
}

// ordinary counts the leading bytes that need no look in a string: neither quote, backslash nor control character. It
// examines eight at once (each term has a byte's top bit set where that byte is one of these, and no lower bit wrongly).
func ordinary(b []byte) (n int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, backslash := x^(ones*'"'), x^(ones*'\\')
		found := ((x - ones*0x20) &^ x) | ((quote - ones) &^ quote) | ((backslash - ones) &^ backslash)
		if found &= tops; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] >= 0x20 {
		n++
	}
	return n
}

// escape moves over an escape sequence.
func (s *scanner) escape() bool {
	s.i++
	c := s.peek()
	s.i++
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		for range 4 {
			if c := s.peek(); !digit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
			s.i++
		}
		return true
	}
	return false
}

func (s *scanner) number() error {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return s.bad()
	}
	if s.take('.') && !s.digits() {
		return s.bad()
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return s.bad()
		}
	}
	return nil
}

// digits moves over digits, and tells whether there was one.
func (s *scanner) digits() bool {
	start := s.i
	for digit(s.peek()) {
		s.i++
	}
	return s.i > start
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) literal(word string) error {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		return s.bad()
	}
	s.i += len(word)
	return nil
}
