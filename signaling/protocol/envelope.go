package protocol

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
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
	N                                        uint64
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
// It is validation followed by a walk because encoding/json alone is slower in every form, and accepts what would let a
// client speak for another: a second `from`, a `From`, or a `fr\u006fm`.
func Parse(frame []byte) (Envelope, error) {
	if !utf8.Valid(frame) {
		// A browser that gets such a text frame ends its connection, so passing it on would let one peer cut off another.
		return Envelope{}, Errorf(CodeBadFrame, "the frame is not UTF-8")
	}
	if !json.Valid(frame) {
		return Envelope{}, Errorf(CodeBadFrame, "the frame is not JSON")
	}
	w := walker{frame: frame}
	env, err := w.object()
	if err != nil {
		return env, err
	}
	if env.Type == "" {
		return env, Errorf(CodeBadFrame, "the frame has no type")
	}
	if !env.Type.known() {
		return env, Errorf(CodeUnknownType, "no frame type %.32q", string(env.Type))
	}
	return env, nil
}

// walker goes over the top level of a frame that is known to be valid JSON, so it never has to look for the end.
type walker struct {
	frame []byte
	i     int
}

func (w *walker) object() (Envelope, error) {
	var env Envelope
	w.space()
	if w.frame[w.i] != '{' {
		return env, Errorf(CodeBadFrame, "the frame is not a JSON object")
	}
	w.i++
	env.body = w.i
	var seen uint32
	for w.space(); w.frame[w.i] != '}'; w.space() {
		if w.frame[w.i] == ',' {
			w.i++
			w.space()
		}
		key := w.string()
		w.space()
		w.i++ // the colon
		w.space()
		start := w.i
		if err := w.skip(); err != nil {
			return env, err
		}
		f, err := fieldOf(key)
		if err != nil {
			return env, err
		}
		if f == fieldOther {
			continue
		}
		if seen&(1<<f) != 0 {
			return env, Errorf(CodeBadFrame, "%s is there twice", key)
		}
		seen |= 1 << f
		if err := env.set(f, key, w.frame[start:w.i]); err != nil {
			return env, err
		}
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
		if c < '0' || c > '9' {
			return 0, strconv.ErrSyntax
		}
		n = n*10 + uint64(c-'0')
	}
	return n, nil
}

// space moves over white space.
func (w *walker) space() {
	for {
		switch w.frame[w.i] {
		case ' ', '\t', '\n', '\r':
			w.i++
		default:
			return
		}
	}
}

// string moves over a string and returns what is between its quotes, still escaped. It looks for quotes and then back for
// backslashes, because an SDP has many escapes and no quotes: that is twice as fast as a look at every byte.
func (w *walker) string() []byte {
	w.i++
	start := w.i
	for {
		w.i += bytes.IndexByte(w.frame[w.i:], '"') + 1
		end := w.i - 1
		escapes := 0
		for escapes < end-start && w.frame[end-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return w.frame[start:end]
		}
	}
}

// skip moves over one value.
func (w *walker) skip() error {
	depth := 1
	for {
		switch c := w.frame[w.i]; c {
		case '"':
			w.string()
		case '{', '[':
			w.i++
			if depth++; depth > MaxDepth {
				return Errorf(CodeBadFrame, "the frame nests deeper than %d", MaxDepth)
			}
		case '}', ']':
			w.i++
			depth--
		case ',', ':', ' ', '\t', '\n', '\r':
			w.i++
		default:
			w.scalar()
		}
		if depth == 1 {
			return nil
		}
	}
}

// scalar moves over a number, true, false or null.
func (w *walker) scalar() {
	for {
		switch w.frame[w.i] {
		case ',', ':', '}', ']', ' ', '\t', '\n', '\r':
			return
		}
		w.i++
	}
}

// hint finds the known field that a misspelt key differs from by case alone: encoding/json would take the one for the other.
func hint(key []byte) (string, bool) {
	for _, known := range fieldNames {
		if strings.EqualFold(known, string(key)) {
			return known, true
		}
	}
	return "", false
}
