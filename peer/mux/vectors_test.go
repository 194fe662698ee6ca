package mux

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// vectors are testdata/frames.json, which the other language reads as well.
type vectors struct {
	Valid []struct {
		Name, Hex string
		Frame     map[string]any
	}
	Refused, Ignored []struct{ Name, Hex string }
	Batches          []struct {
		Name, Hex string
		Frames    []string
	}
	RefusedBatches []struct{ Name, Hex string }
	Sends          []struct {
		Name    string
		Granted uint64
		Part    int
		Steps   []struct {
			Send  *int
			Grant uint64
			Sends []int
		}
	}
	Grants []struct {
		Name  string
		Steps []struct {
			Take, Begin *uint64
			Says        *uint64
		}
	}
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	raw, err := os.ReadFile("testdata/frames.json")
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil || len(v.Valid) == 0 || len(v.Refused) == 0 || len(v.Ignored) == 0 || len(v.Batches) == 0 || len(v.RefusedBatches) == 0 || len(v.Sends) == 0 || len(v.Grants) == 0 {
		t.Fatalf("the vectors cannot be read: %v", err)
	}
	return v
}

// state is one case of testdata/states.json, which the other language reads as well.
type state struct {
	Name, Open string
	Frames     []struct {
		Trunk int
		Hex   string
		Fill  int
	}
	Ends string
	Code protocol.ErrorCode
}

func readStates(t *testing.T) []state {
	t.Helper()
	var v struct{ Cases []state }
	raw, err := os.ReadFile("testdata/states.json")
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil || len(v.Cases) < 40 {
		t.Fatalf("%d cases can be read: %v", len(v.Cases), err)
	}
	return v.Cases
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var kindNames = map[kind]string{
	kindOpen: "open", kindOpened: "opened", kindWindow: "window", kindAck: "ack", kindFin: "fin", kindClose: "close", kindClosed: "closed",
	kindReset: "reset", kindCut: "cut", kindWhole: "data", kindFirst: "first", kindNext: "next", kindNumbered: "numbered", kindPart: "part",
}

// described is a frame as the vectors have it.
func described(t *testing.T, f *frame) map[string]any {
	d := map[string]any{"type": kindNames[f.kind], "id": f.id}
	switch f.kind {
	case kindOpen, kindOpened:
		d["head"] = f.open
	case kindReset:
		d["head"] = f.reset
	case kindWindow:
		d["offset"] = f.n
	case kindAck, kindFin:
		d["n"] = f.n
	case kindClose:
		d["n"], d["text"] = f.n, string(f.payload)
	case kindCut:
		if f.n > 0 {
			d["n"] = f.n
		}
	case kindPart:
		d["offset"], d["total"] = f.offset, f.total
	case kindFirst:
		d["total"] = f.total
	}
	if f.kind == kindNumbered || f.kind == kindPart {
		d["n"] = f.n
	}
	if f.kind >= kindWhole {
		d["payload"] = hex.EncodeToString(f.payload)
		if f.kind != kindNext {
			d["text"] = f.text
		}
	}
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var same map[string]any
	if err := json.Unmarshal(raw, &same); err != nil {
		t.Fatal(err)
	}
	return same
}

func TestFrameVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, c := range v.Valid {
		raw := unhex(t, c.Hex)
		f := frame{n: 99, total: 99, offset: 99} // of the frame before
		if known, err := f.decode(raw); !known || err != nil {
			t.Errorf("%s: known %v, %v", c.Name, known, err)
			continue
		}
		if got := described(t, &f); !reflect.DeepEqual(got, c.Frame) {
			t.Errorf("%s: decoded to\n%v, not\n%v", c.Name, got, c.Frame)
		}
		again := encoded(&f)
		if _, head := c.Frame["head"]; head {
			var g frame
			if known, err := g.decode(again); !known || err != nil || !reflect.DeepEqual(f.open, g.open) || f.reset != g.reset {
				t.Errorf("%s: encoded to %q, %v", c.Name, again, err)
			}
		} else if !bytes.Equal(again, raw) {
			t.Errorf("%s: encoded to %x, not %x", c.Name, again, raw)
		}
	}
	for _, c := range v.Refused {
		var f frame
		if known, err := f.decode(unhex(t, c.Hex)); code(err) != "bad-frame" || !known && c.Hex != "" {
			t.Errorf("%s: known %v, %v", c.Name, known, err)
		}
	}
	for _, c := range v.Ignored {
		var f frame
		if known, err := f.decode(unhex(t, c.Hex)); known || err != nil {
			t.Errorf("%s: known %v, %v", c.Name, known, err)
		}
	}
}

// encoded is what a channel and a link write for a frame.
func encoded(f *frame) []byte {
	g := *f
	switch f.kind {
	case kindOpen, kindOpened:
		g.payload = nil
		return appendHead(g.append(nil), &f.open)
	case kindReset:
		g.payload = nil
		return appendHead(g.append(nil), &f.reset)
	case kindClosed:
		g.payload = nil
	}
	return g.append(nil)
}

func TestCreditVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, c := range v.Sends {
		credit := credit{granted: c.Granted}
		type queued struct {
			left  int
			begun bool
		}
		var queue []queued
		for i, step := range c.Steps {
			if step.Send != nil {
				queue = append(queue, queued{left: *step.Send})
			} else {
				credit.grant(step.Grant)
			}
			got := []int{}
			for len(queue) > 0 {
				m := &queue[0]
				part := min(m.left, c.Part)
				cost := uint64(part)
				if !m.begun {
					cost += messageCost
				}
				if !credit.room(cost) {
					break
				}
				credit.sent += cost
				got = append(got, part)
				if m.left, m.begun = m.left-part, true; m.left == 0 {
					queue = queue[1:]
				}
			}
			if !reflect.DeepEqual(got, step.Sends) {
				t.Errorf("%s: step %d sends %v, not %v", c.Name, i, got, step.Sends)
			}
		}
	}
	for _, c := range v.Grants {
		g := newGrants()
		for i, step := range c.Steps {
			var says bool
			if step.Take != nil {
				says = g.take(messageCost + *step.Take)
			} else {
				says = g.extend(g.taken + messageCost + *step.Begin)
			}
			if says != (step.Says != nil) || says && g.granted != *step.Says {
				t.Errorf("%s: step %d says %v %d", c.Name, i, says, g.granted)
			}
		}
	}
}

// FuzzFrame: what is read is what is written, and nothing that is read is beyond its bounds.
func FuzzFrame(f *testing.F) {
	v := readVectors(f)
	for _, c := range v.Valid {
		f.Add(unhex(f, c.Hex))
	}
	for _, c := range v.Refused {
		f.Add(unhex(f, c.Hex))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var a, b frame
		known, err := a.decode(raw)
		if err != nil || !known {
			return
		}
		if a.id > maxID || a.n > maxNumber || a.kind == kindPart && a.offset+uint64(len(a.payload)) > a.total {
			t.Fatalf("%+v is beyond its bounds", a)
		}
		again := encoded(&a)
		if known, err := b.decode(again); !known || err != nil || !reflect.DeepEqual(described(t, &a), described(t, &b)) {
			t.Fatalf("%x became %x: %+v, %+v, %v", raw, again, a, b, err)
		}
		if a.kind != kindOpen && a.kind != kindOpened && a.kind != kindReset && !bytes.Equal(raw, again) {
			t.Fatalf("%x became %x", raw, again)
		}
	})
}
