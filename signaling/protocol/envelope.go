package protocol

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep a frame may nest objects and arrays, the frame itself being 1.
const MaxDepth = 64

// Envelope is what routing needs of a frame. Its byte slices point into the frame: they are good for as long as the frame is.
type Envelope struct {
	Type Type
	ID   uint64
	// Room, From, FromInstance, To and ToInstance are nil where the frame does not have them.
	Room, From, FromInstance, To, ToInstance []byte
	N, After                                 uint64
	// Data is the raw JSON value of `data`, never decoded.
	Data []byte

	// body is the index behind the frame's opening brace, where Forward splices.
	body int
}

// Parse checks that a frame is one JSON object in UTF-8, nested no deeper than MaxDepth, that says each known field once and
// with the right type, and returns its envelope. It decodes none of the rest and allocates only when it fails.
//
// The error is always a *Error: CodeBadFrame, or CodeUnknownType together with an envelope whose ID is set. Parse does not
// limit the frame's size: who reads it from a connection must.
//
// It walks the frame itself because encoding/json is slower in every form, and accepts what would let a client speak for
// another: a second `from`, a `From`, or a `fr\u006fm`.
func Parse(frame []byte) (Envelope, error) {
	var env Envelope
	if !utf8.Valid(frame) {
		// A browser that gets such a text frame ends its connection, so passing it on would let one peer cut off another.
		return env, Errorf(CodeBadFrame, "the frame is not UTF-8")
	}
	s := scanner{b: frame}
	s.space()
	if s.peek() != '{' {
		return env, Errorf(CodeBadFrame, "the frame is not a JSON object")
	}
	env.body = s.i + 1
	var seen uint32
	err := s.object(1, func(key, value []byte) error {
		f, err := fieldOf(key)
		if err != nil || f == fieldOther {
			return err
		}
		if seen&(1<<f) != 0 {
			return Errorf(CodeBadFrame, "%s is there twice", key)
		}
		seen |= 1 << f
		return env.set(f, key, value)
	})
	if err != nil {
		return env, err
	}
	if s.space(); s.i < len(frame) {
		return env, s.bad()
	}
	switch {
	case env.Type == "":
		return env, Errorf(CodeBadFrame, "the frame has no type")
	case !env.Type.known():
		return env, Errorf(CodeUnknownType, "no frame type %.32q", string(env.Type))
	}
	return env, nil
}

// set stores a field of the envelope from its raw JSON value.
func (e *Envelope) set(f field, key, value []byte) (err error) {
	switch f {
	case fieldType:
		var name []byte
		name, err = plain(key, value)
		e.Type = typeOf(name)
	case fieldID:
		e.ID, err = number(key, value)
	case fieldN:
		e.N, err = number(key, value)
	case fieldAfter:
		e.After, err = number(key, value)
	case fieldRoom:
		e.Room, err = plain(key, value)
	case fieldFrom:
		e.From, err = plain(key, value)
	case fieldFromInstance:
		e.FromInstance, err = plain(key, value)
	case fieldTo:
		e.To, err = plain(key, value)
	case fieldToInstance:
		e.ToInstance, err = plain(key, value)
	case fieldData:
		e.Data = value
	}
	return err
}

// plain returns the content of a JSON string that needs no unescaping. Names never do, and a name that came escaped would be
// one thing to who compares bytes and another to who decodes.
func plain(key, value []byte) ([]byte, error) {
	if value[0] != '"' || len(value)-2 > MaxName || bytes.IndexByte(value, '\\') >= 0 {
		return nil, Errorf(CodeBadFrame, "%s is not a string of at most %d bytes without escapes", key, MaxName)
	}
	return value[1 : len(value)-1], nil
}

func number(key, value []byte) (uint64, error) {
	n, err := parseNumber(value)
	if err != nil || n > MaxNumber {
		return 0, Errorf(CodeBadFrame, "%s is not a whole number from 0 to 2^53-1", key)
	}
	return n, nil
}

// parseNumber is strconv.ParseUint without the allocation of a string.
func parseNumber(b []byte) (n uint64, err error) {
	if len(b) > 16 {
		return 0, strconv.ErrRange
	}
	for _, c := range b {
		if !digit(c) {
			return 0, strconv.ErrSyntax
		}
		n = n*10 + uint64(c-'0')
	}
	return n, nil
}

// hint finds the known field that a misspelt key differs from by case alone: encoding/json would take the one for the other.
func hint(key []byte) (string, bool) {
	for _, known := range fieldNames {
		if bytes.EqualFold([]byte(known), key) { // of the two, the one that is short is copied
			return known, true
		}
	}
	return "", false
}
