package signaling

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// bodyVectors is the part of the protocol's lines.json that is about bodies, and the lines that they are made of.
type bodyVectors struct {
	Good, Refused []struct{ Line string }
	Bodies        []struct {
		Name, Body string
		Frames     []string
	}
}

func bodies(t testing.TB) (v bodyVectors) {
	t.Helper()
	raw, err := os.ReadFile("protocol/testdata/lines.json")
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil || len(v.Bodies) == 0 {
		t.Fatal(err)
	}
	return v
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for _, b := range bodies(t).Bodies {
		head, frames, err := parseSend([]byte(b.Body))
		got := []string{}
		for _, frame := range frames {
			got = append(got, string(frame))
		}
		if err != nil || head != (protocol.Send{Carrier: "x", N: 1}) || !slices.Equal(got, b.Frames) {
			t.Errorf("%s: %+v %q, %v", b.Name, head, got, err)
		}
	}
}

// FuzzSendBody holds what is read out of a body to what is in it: its frames, whole and in order, and no line break in any.
func FuzzSendBody(f *testing.F) {
	v := bodies(f)
	for _, b := range v.Bodies {
		f.Add([]byte(b.Body))
	}
	for _, l := range slices.Concat(v.Good, v.Refused) {
		f.Add([]byte(l.Line + "\n{}"))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		head, frames, err := parseSend(body)
		if err != nil {
			return
		}
		if head.N == 0 || head.N > protocol.MaxNumber || head.Carrier == "" || len(head.Carrier) > protocol.MaxName {
			t.Fatalf("%q: %+v", body, head)
		}
		rest := body
		for _, frame := range frames {
			_, after, ok := bytes.Cut(rest, frame)
			if !ok || len(frame) == 0 || bytes.IndexByte(frame, '\n') >= 0 {
				t.Fatalf("%q: frame %q", body, frame)
			}
			rest = after
		}
	})
}

// FuzzPollBody holds that a body is one of the two, and one line.
func FuzzPollBody(f *testing.F) {
	v := bodies(f)
	for _, l := range slices.Concat(v.Good, v.Refused) {
		f.Add([]byte(l.Line))
	}
	for _, seed := range []string{`{"type":"hello","versions":["beckon.v1"],"instance":"00000000000000a1"}`, "{}\n{}", "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		line := bytes.TrimSpace(body)
		p, first, err := parsePoll(line)
		env, parsed := protocol.Parse(line)
		switch {
		case first && (err != nil || p != protocol.Poll{}):
			t.Fatalf("%q: a hello and %+v, %v", line, p, err)
		case first && bytes.IndexByte(line, '\n') >= 0:
			t.Fatalf("%q is more than a line", line)
		case !first && err == nil && (env.Type != protocol.TypePoll || p.Carrier == "" || p.Cursor > protocol.MaxNumber || parsed == nil):
			t.Fatalf("%q: %+v", line, p)
		}
	})
}
