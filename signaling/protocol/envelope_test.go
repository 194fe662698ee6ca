package protocol

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// offer is a signal of the usual size: 1.2 kB of SDP.
func offer() []byte {
	sdp := strings.Repeat("a=candidate:1 1 udp 2130706431 192.0.2.10 50000 typ host\\r\\n", 19)
	return []byte(`{"type":"signal","id":12,"room":"tea","to":"bob","toInstance":"00000000000000b2","n":3,` +
		`"data":{"description":{"type":"offer","sdp":"` + sdp + `"}}}`)
}

func TestForwardSplicesTheSenderAndNothingElse(t *testing.T) {
	for _, frame := range []string{string(offer()), "  {\n \"type\":\"signal\",\"room\":\"tea\",\"to\":\"bob\",\"toInstance\":\"00000000000000b2\",\"n\":1,\"data\":null, \"later\":[1,{\"}\":\"\\\"\"}]} "} {
		env, err := Parse([]byte(frame))
		if err != nil {
			t.Fatal(err)
		}
		if err := env.CheckRoute(); err != nil {
			t.Fatal(err)
		}
		got := Forward([]byte(frame), env, "ada", "00000000000000a1")
		var was, is map[string]json.RawMessage
		if err := json.Unmarshal([]byte(frame), &was); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &is); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if string(is["from"]) != `"ada"` || string(is["fromInstance"]) != `"00000000000000a1"` || len(is) != len(was)+2 {
			t.Errorf("forwarded as %s", got)
		}
		for k, v := range was {
			if string(is[k]) != string(v) {
				t.Errorf("%s changed to %s", k, is[k])
			}
		}
	}
}

func TestNobodySaysWhoTheyAre(t *testing.T) {
	for _, from := range []string{`"from":"eve"`, `"from":""`, `"fromInstance":"00000000000000ee"`} {
		env, err := Parse([]byte(`{"type":"signal","room":"tea","to":"bob","toInstance":"00000000000000b2","n":1,"data":1,` + from + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := env.CheckRoute(); !errors.Is(err, &Error{Code: CodeBadFrame}) {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func TestRouteNeedsItsFields(t *testing.T) {
	whole := map[string]string{"room": `"tea"`, "to": `"bob"`, "toInstance": `"00000000000000b2"`, "n": "1", "data": "1"}
	for missing := range whole {
		frame := `{"type":"signal"`
		for k, v := range whole {
			if k != missing {
				frame += `,"` + k + `":` + v
			}
		}
		env, err := Parse([]byte(frame + "}"))
		if err != nil {
			t.Fatal(err)
		}
		if err := env.CheckRoute(); !errors.Is(err, &Error{Code: CodeBadFrame}) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestNotUTF8(t *testing.T) {
	if _, err := Parse([]byte("{\"type\":\"ping\",\"x\":\"\xff\"}")); !errors.Is(err, &Error{Code: CodeBadFrame}) {
		t.Errorf("got %v", err)
	}
}

func TestUnknownTypeKeepsTheID(t *testing.T) {
	env, err := Parse([]byte(`{"type":"teleport","id":4}`))
	if env.ID != 4 || !errors.Is(err, &Error{Code: CodeUnknownType}) {
		t.Errorf("id %d, %v", env.ID, err)
	}
}

func TestMessageEventIsAnEvent(t *testing.T) {
	e := Event{Room: "tea", Kind: EventMessage, Position: 3, Peer: "ada", Instance: "00000000000000a1", N: 2, Data: json.RawMessage(`{"a":[1,2]}`)}
	if got, want := string(EncodeMessageEvent(e)), string(Encode(e)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// The codec's share of routing one signal: at most two allocations, of which Forward's result is one.
func TestRoutingAllocates(t *testing.T) {
	frame := offer()
	if n := testing.AllocsPerRun(100, func() { route(t, frame) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// A field that nobody knows costs nothing, however long its name is: it is a stranger's.
func TestUnknownFieldsAllocateNothing(t *testing.T) {
	frame := []byte(`{"type":"ping","` + strings.Repeat("x", 60_000) + `":1}`)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Parse(frame); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func route(t testing.TB, frame []byte) []byte {
	env, err := Parse(frame)
	if err == nil {
		err = env.CheckRoute()
	}
	if err != nil {
		t.Fatal(err)
	}
	return Forward(frame, env, "ada", "00000000000000a1")
}
