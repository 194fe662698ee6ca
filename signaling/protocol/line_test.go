package protocol

import (
	"errors"
	"testing"
)

// lineVectors is testdata/lines.json, for whoever speaks over HTTP. Its bodies are run where they are read, in package signaling.
type lineVectors struct {
	// Good lines decode, and encode again to the same bytes.
	Good []struct{ Name, Direction, Type, Line string }
	// Refused ones are not what DecodeLine of that type accepts.
	Refused []struct {
		Name, Line string
		Type       Type
		Error      ErrorCode
	}
}

func againLine[F any, P interface {
	*F
	Frame
	check() error
}](line []byte) ([]byte, error) {
	f, err := DecodeLine[F, P](line)
	if err != nil {
		return nil, err
	}
	return Encode(P(&f)), nil
}

func reencodeLine(typ Type, line []byte) ([]byte, error) {
	switch typ {
	case TypeOpened:
		return againLine[Opened](line)
	case TypeSend:
		return againLine[Send](line)
	case TypeSent:
		return againLine[Sent](line)
	case TypePoll:
		return againLine[Poll](line)
	case TypePolled:
		return againLine[Polled](line)
	case TypeClose:
		return againLine[Close](line)
	}
	return nil, Errorf(CodeUnknownType, "%s", typ)
}

func TestLines(t *testing.T) {
	v := vectors[lineVectors](t, "lines.json")
	for _, g := range v.Good {
		got, err := reencodeLine(Type(g.Type), []byte(g.Line))
		if err != nil || string(got) != g.Line {
			t.Errorf("%s: %s, %v", g.Name, got, err)
		}
		if _, err := Parse([]byte(g.Line)); !errors.Is(err, &Error{Code: CodeUnknownType}) {
			t.Errorf("%s is taken for a frame: %v", g.Name, err)
		}
	}
	for _, r := range v.Refused {
		if _, err := reencodeLine(r.Type, []byte(r.Line)); !errors.Is(err, &Error{Code: r.Error}) {
			t.Errorf("%s: %v, want %s", r.Name, err, r.Error)
		}
	}
}

func FuzzLine(f *testing.F) {
	v := vectors[lineVectors](f, "lines.json")
	for _, g := range v.Good {
		f.Add(g.Type, []byte(g.Line))
	}
	for _, r := range v.Refused {
		f.Add(string(r.Type), []byte(r.Line))
	}
	f.Fuzz(func(t *testing.T, typ string, line []byte) {
		out, err := reencodeLine(Type(typ), line)
		if err != nil {
			return
		}
		if again, err := reencodeLine(Type(typ), out); err != nil || string(again) != string(out) {
			t.Fatalf("%s became %s, and that %s (%v)", line, out, again, err)
		}
	})
}
