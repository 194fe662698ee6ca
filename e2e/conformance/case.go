// Package conformance holds the suite that says what a channel of a Beckon SDK is, and runs it for package peer. The suite is data, in
// cases.json, in a small language of steps that README.md describes; testdata/conformance of the end-to-end tests runs the same for
// the browser's SDK, and who writes an SDK in a third language writes a third interpreter.
//
// The end-to-end tests bring players together, in pairs, and hold the table of what came of it. This package has the language, and
// the player of package peer.
//
//	goroutine   owns                                 ends
//	background  a step that others do not wait for   when it is done, or its script is over
package conformance

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed cases.json
var suite []byte

// Case is one thing that must hold between two players.
type Case struct {
	Name string `json:"name"`
	// Why says in a sentence what must hold.
	Why string `json:"why"`
	// Alone has a connection of its own, because it breaks it or needs options of the joining. The others use one after another the same.
	Alone bool `json:"alone"`
	// Server has a server of its own, because it breaks that. It is Alone, too.
	Server bool `json:"server"`
	// Join is how each role joins its room.
	Join map[Role]JoinOptions `json:"join"`
	A    []Step               `json:"a"`
	B    []Step               `json:"b"`
}

// Role is one of the two sides of a case.
type Role string

// The two roles. Each case is run with either player as A.
const (
	A Role = "a"
	B Role = "b"
)

// Other is the one that r is not.
func (r Role) Other() Role {
	if r == A {
		return B
	}
	return A
}

// JoinOptions are those of the joining that a case may set.
type JoinOptions struct {
	MaxMessageSize     int    `json:"maxMessageSize"`
	ICETransportPolicy string `json:"iceTransportPolicy"`
}

// Options are a channel's, in the words of W3C WebRTC; times are in milliseconds.
type Options struct {
	Ordered           *bool   `json:"ordered"`
	MaxRetransmits    *uint16 `json:"maxRetransmits"`
	MaxPacketLifeTime *int    `json:"maxPacketLifeTime"`
	MaxQueueAge       int     `json:"maxQueueAge"`
	Durable           bool    `json:"durable"`
	Raw               bool    `json:"raw"`
	Protocol          string  `json:"protocol"`
	ProtocolSize      int     `json:"protocolSize"` // instead of Protocol: so many x
}

// Step is something that a role does, and what is to come of it: see README.md.
type Step struct {
	Do         string `json:"do"`
	Background string `json:"background"`
	Each       int    `json:"each"`

	// What is done, to what.
	Channel   string   `json:"channel"`
	Label     *string  `json:"label"`
	LabelSize int      `json:"labelSize"`
	Options   *Options `json:"options"`
	Reason    *string  `json:"reason"`
	Name      string   `json:"name"`
	Point     string   `json:"point"`
	Act       string   `json:"act"`
	Task      string   `json:"task"`
	Deadline  int      `json:"deadline"`

	// Messages.
	Sizes    []int  `json:"sizes"`
	Kind     string `json:"kind"`
	Times    int    `json:"times"`
	AnyOrder bool   `json:"anyOrder"`
	Some     int    `json:"some"`
	Body     int    `json:"body"`
	Breaks   bool   `json:"breaks"`
	Answer   int    `json:"answer"`
	Never    bool   `json:"never"`
	Early    bool   `json:"early"`
	Fail     *Fail  `json:"fail"`

	// What is to come of it.
	Error  string           `json:"error"`
	Names  []string         `json:"names"`
	End    bool             `json:"end"`
	Expect map[string]Range `json:"expect"`
}

// Fail is an answer that says no.
type Fail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Range is what a number may be; a bound that is missing is none.
type Range struct {
	Min *float64 `json:"min"`
	Max *float64 `json:"max"`
	Is  *float64 `json:"is"`
}

func (r Range) holds(v float64) bool {
	return (r.Min == nil || v >= *r.Min) && (r.Max == nil || v <= *r.Max) && (r.Is == nil || v == *r.Is)
}

// Cases returns the suite.
func Cases() ([]Case, error) {
	var file struct {
		Cases []Case `json:"cases"`
	}
	d := json.NewDecoder(bytes.NewReader(suite))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("conformance: cases.json: %w", err)
	}
	for i := range file.Cases {
		if err := file.Cases[i].check(); err != nil {
			return nil, fmt.Errorf("conformance: case %q: %w", file.Cases[i].Name, err)
		}
	}
	return file.Cases, nil
}

// Script are the steps of a role.
func (c *Case) Script(r Role) []Step {
	if r == A {
		return c.A
	}
	return c.B
}
