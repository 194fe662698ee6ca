package mux

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// openHead is what OPEN and OPENED say.
type openHead struct {
	Label             string  `json:"label,omitempty"`
	Protocol          string  `json:"protocol,omitempty"`
	Unordered         bool    `json:"unordered,omitempty"`
	MaxRetransmits    *uint16 `json:"maxRetransmits,omitempty"`
	MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime,omitempty"` // milliseconds
	Durable           string  `json:"durable,omitempty"`
	Received          *uint64 `json:"received,omitempty"`
	Request           bool    `json:"request,omitempty"`
	Deadline          uint64  `json:"deadline,omitempty"` // milliseconds
	Max               uint64  `json:"max"`
	Window            uint64  `json:"window"`
}

// resetHead is what RESET says.
type resetHead struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// fields reads the fields of a JSON object one by one, by their exact names: encoding/json takes `Label` for `label` and null for
// nothing, which the other language does not.
type fields struct {
	raw map[string]json.RawMessage
	bad string // the first field that cannot be what it says
}

func parseFields(raw []byte) (*fields, error) {
	f := &fields{}
	if !utf8.Valid(raw) || json.Unmarshal(raw, &f.raw) != nil || f.raw == nil {
		return nil, badFrame("what follows its id is not a JSON object in UTF-8")
	}
	return f, nil
}

func (f *fields) fail(name string) {
	if f.bad == "" {
		f.bad = name
	}
}

func (f *fields) has(name string) bool { return f.raw[name] != nil }

// number is 0 when the field is absent.
func (f *fields) number(name string, most uint64) uint64 {
	if !f.has(name) {
		return 0
	}
	v, err := strconv.ParseUint(string(f.raw[name]), 10, 64)
	if err != nil || v > most {
		f.fail(name)
	}
	return v
}

func (f *fields) text(name string, most int) (s string) {
	if !f.has(name) {
		return ""
	}
	if f.raw[name][0] != '"' || json.Unmarshal(f.raw[name], &s) != nil || len(s) > most {
		f.fail(name)
	}
	return s
}

func (f *fields) flag(name string) bool {
	switch string(f.raw[name]) {
	case "true":
		return true
	case "false", "":
	default:
		f.fail(name)
	}
	return false
}

func (f *fields) short(name string) *uint16 {
	if !f.has(name) {
		return nil
	}
	v := uint16(f.number(name, math.MaxUint16))
	return &v
}

// parseOpen reads the object of an OPEN or, if not begins, of an OPENED, whose other fields are as unknown as any.
func parseOpen(raw []byte, begins bool) (h openHead, err error) {
	f, err := parseFields(raw)
	if err != nil {
		return h, err
	}
	h.Max, h.Window = f.number("max", maxNumber), f.number("window", maxNumber)
	if f.has("received") {
		n := f.number("received", maxNumber)
		h.Received = &n
	}
	if begins {
		h.Label, h.Protocol = f.text("label", maxText), f.text("protocol", maxText)
		h.Unordered, h.MaxRetransmits, h.MaxPacketLifeTime = f.flag("unordered"), f.short("maxRetransmits"), f.short("maxPacketLifeTime")
		h.Durable = f.text("durable", 16)
		h.Request, h.Deadline = f.flag("request"), f.number("deadline", maxNumber)
		lane := h.class().Lane()
		switch {
		case h.MaxRetransmits != nil && h.MaxPacketLifeTime != nil:
			f.fail("maxPacketLifeTime")
		case f.has("durable") && (!isName(h.Durable) || !lane):
			f.fail("durable")
		case f.has("received") && !f.has("durable"):
			f.fail("received")
		case h.Request && (!lane || f.has("durable")):
			f.fail("request")
		case f.has("deadline") && !h.Request:
			f.fail("deadline")
		}
	}
	if f.bad == "" && !f.has("max") {
		f.bad = "max"
	}
	if f.bad == "" && !f.has("window") {
		f.bad = "window"
	}
	if f.bad != "" {
		return h, badFrame("its %q is not what it must be", f.bad)
	}
	return h, nil
}

func parseReset(raw []byte) (h resetHead, err error) {
	f, err := parseFields(raw)
	if err != nil {
		return h, err
	}
	h.Code, h.Message = f.text("code", maxCode), f.text("message", maxText)
	if f.bad != "" || h.Code == "" || !f.has("message") {
		return h, badFrame("its code or message is not what it must be")
	}
	return h, nil
}

// isName tells whether s is the name of a durable channel.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 16
}

func (h *openHead) class() Class {
	c := Class{Unordered: h.Unordered, MaxRetransmits: h.MaxRetransmits}
	if h.MaxPacketLifeTime != nil {
		life := time.Duration(*h.MaxPacketLifeTime) * time.Millisecond
		c.MaxPacketLifeTime = &life
	}
	return c
}

// appendHead appends v, an openHead or a resetHead, as JSON.
func appendHead(b []byte, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("mux: " + err.Error()) // of structs of strings and numbers there is no error
	}
	return append(b, raw...)
}

// error is what a RESET says. Its code is one that a RESET may have, or else CodeClosed: a later version may know other reasons, and what applications
// compare must be a code of ours.
func (h resetHead) error() *protocol.Error {
	code := protocol.ErrorCode(h.Code)
	switch code {
	case protocol.CodeAborted, protocol.CodeBadFrame, protocol.CodeConnectionLost, protocol.CodeMessageTooLarge, protocol.CodeOverflow, protocol.CodeTimeout:
	default:
		code = protocol.CodeClosed
	}
	return protocol.Errorf(code, "%s", h.Message)
}
