package protocol

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzParse holds Parse to encoding/json: what it accepts is an object with these very fields, what it forwards differs by
// the sender alone, and nothing it accepts makes Decode panic or encode to something that it would refuse.
func FuzzParse(f *testing.F) {
	v := vectors[frameVectors](f, "frames.json")
	for _, g := range v.Good {
		f.Add([]byte(g.Frame))
	}
	for _, m := range v.Malformed {
		f.Add([]byte(m.Frame))
	}
	for _, r := range v.Refused {
		f.Add([]byte(r.Frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		env, err := Parse(frame)
		if err != nil {
			return
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(frame, &fields); err != nil {
			t.Fatalf("accepted what is no object: %v", err)
		}
		var typ string
		if err := json.Unmarshal(fields["type"], &typ); err != nil || typ != string(env.Type) {
			t.Fatalf("type %q, envelope says %q", fields["type"], env.Type)
		}
		if string(fields["data"]) != string(env.Data) {
			t.Fatalf("data %s, envelope says %s", fields["data"], env.Data)
		}
		if out, err := reencode(env.Type, frame); err == nil {
			if _, err := Parse(out); err != nil {
				t.Fatalf("%s became %s: %v", frame, out, err)
			}
		}
		if env.CheckRoute() != nil {
			return
		}
		var s Signal
		if err := json.Unmarshal(Forward(frame, env, "ada", "00000000000000a1"), &s); err == nil && (s.From != "ada" || s.FromInstance != "00000000000000a1") {
			t.Fatalf("forwarded as from %q %q", s.From, s.FromInstance)
		}
	})
}

// FuzzScan holds the scanner to encoding/json: they accept the same, but for the depth.
func FuzzScan(f *testing.F) {
	for _, m := range vectors[frameVectors](f, "frames.json").Malformed {
		f.Add([]byte(m.Frame))
	}
	for _, s := range []string{`[0,-0,1.5,-1e+9,2E-3,01,1.,.5,+1,1e]`, `["\u00e9\b\/","\x","\u12g4"]`, "[\"12345678\t\"]", "[true,false,null,nul]", ` { "a" : [ ] } `, `"123456789\"12345678"`, "\"\x80\x1f\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := scanner{b: b}
		s.space()
		err := s.value(1)
		s.space()
		ok := err == nil && s.i == len(b)
		if ok != json.Valid(b) && bytes.Count(b, []byte("{"))+bytes.Count(b, []byte("[")) <= MaxDepth {
			t.Fatalf("%q: accepted %v (%v), json.Valid says %v", b, ok, err, !ok)
		}
	})
}
