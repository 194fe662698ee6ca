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

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
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
	// Relay has a relay of its own, whose ways it may break, and both roles use no others. It is Alone, too.
	Relay bool `json:"relay"`
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
	MaxMessageSize     int    `json:"maxMessageSize,omitempty"`
	ICETransportPolicy string `json:"iceTransportPolicy,omitempty"`
	// ICEServers are those of the case's own relay, which who runs it puts here.
	ICEServers     []protocol.ICEServer `json:"iceServers,omitempty"`
	Attributes     map[string]any       `json:"attributes,omitempty"`
	Topology       protocol.Topology    `json:"topology,omitempty"`
	Carriers       []peer.Carrier       `json:"carriers,omitempty"`
	ConnectTimeout int                  `json:"connectTimeout,omitempty"` // milliseconds
	Reports        *bool                `json:"reports,omitempty"`
}

// Options are a channel's, in the words of W3C WebRTC; times are in milliseconds.
type Options struct {
	Ordered           *bool   `json:"ordered,omitempty"`
	MaxRetransmits    *uint16 `json:"maxRetransmits,omitempty"`
	MaxPacketLifeTime *int    `json:"maxPacketLifeTime,omitempty"`
	MaxQueueAge       int     `json:"maxQueueAge,omitempty"`
	Durable           bool    `json:"durable,omitempty"`
	Raw               bool    `json:"raw,omitempty"`
	Protocol          string  `json:"protocol,omitempty"`
	ProtocolSize      int     `json:"protocolSize,omitempty"` // instead of Protocol: so many x
}

// Step is something that a role does, and what is to come of it: see README.md.
type Step struct {
	Do         string `json:"do,omitempty"`
	Background string `json:"background,omitempty"`
	Each       int    `json:"each,omitempty"`

	// What is done, to what.
	Channel   string   `json:"channel,omitempty"`
	Beside    string   `json:"beside,omitempty"`
	Label     *string  `json:"label,omitempty"`
	LabelSize int      `json:"labelSize,omitempty"`
	Options   *Options `json:"options,omitempty"`
	Reason    *string  `json:"reason,omitempty"`
	Name      string   `json:"name,omitempty"`
	Point     string   `json:"point,omitempty"`
	Act       string   `json:"act,omitempty"`
	Task      string   `json:"task,omitempty"`
	Deadline  int      `json:"deadline,omitempty"`

	// Messages.
	Sizes    []int  `json:"sizes,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Times    int    `json:"times,omitempty"`
	AnyOrder bool   `json:"anyOrder,omitempty"`
	Some     int    `json:"some,omitempty"`
	Body     int    `json:"body,omitempty"`
	Breaks   bool   `json:"breaks,omitempty"`
	Answer   int    `json:"answer,omitempty"`
	Never    bool   `json:"never,omitempty"`
	Early    bool   `json:"early,omitempty"`
	Fail     *Fail  `json:"fail,omitempty"`

	// What goes through the server.
	To         string         `json:"to,omitempty"`
	Join       *JoinOptions   `json:"join,omitempty"`
	URL        string         `json:"url,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Fill       int            `json:"fill,omitempty"`

	// What is to come of it.
	Error  string           `json:"error,omitempty"`
	Names  []string         `json:"names,omitempty"`
	End    bool             `json:"end,omitempty"`
	Expect map[string]Range `json:"expect,omitempty"`
}

// Fail is an answer that says no.
type Fail struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Range is what a number may be; a bound that is missing is none.
type Range struct {
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
	Is  *float64 `json:"is,omitempty"`
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
