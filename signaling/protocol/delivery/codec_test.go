package delivery

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// step is one line of a vector.
type step struct {
	Event   Event
	Effects []Effect
}

// vector is a file in testdata: what a machine of that config does. Durations are in milliseconds.
type vector struct {
	Name   string
	Why    string
	Config map[string]any
	Steps  []step
}

func (s step) MarshalJSON() ([]byte, error) {
	effects := make([]json.RawMessage, len(s.Effects))
	for i, e := range s.Effects {
		effects[i] = tagged("effect", e)
	}
	return json.Marshal(struct {
		Event   json.RawMessage   `json:"event"`
		Effects []json.RawMessage `json:"effects"`
	}{tagged("event", s.Event), effects})
}

// tagged writes an event or effect as an object that begins with its name. A frame is written as it travels.
func tagged(tag string, v any) json.RawMessage {
	t := reflect.TypeOf(v)
	name := strings.ToLower(t.Name()[:1]) + t.Name()[1:]
	out := fmt.Sprintf(`{%q:%q`, tag, name)
	for i := range t.NumField() {
		value := reflect.ValueOf(v).Field(i).Interface()
		var raw []byte
		switch value := value.(type) {
		case protocol.Frame:
			raw = protocol.Encode(value)
		case time.Duration:
			raw = fmt.Append(nil, value.Milliseconds())
		default:
			raw, _ = json.Marshal(value)
		}
		out += fmt.Sprintf(`,%q:%s`, t.Field(i).Tag.Get("json"), raw)
	}
	return json.RawMessage(out + "}")
}

// UnmarshalJSON reads the event alone: the effects are to be compared as text.
func (s *step) UnmarshalJSON(b []byte) error {
	var line struct{ Event json.RawMessage }
	if err := json.Unmarshal(b, &line); err != nil {
		return err
	}
	var tag struct {
		Event string
		Frame json.RawMessage
	}
	if err := json.Unmarshal(line.Event, &tag); err != nil {
		return err
	}
	var err error
	switch tag.Event {
	case "send":
		s.Event, err = decode[Send](line.Event)
	case "say":
		s.Event, err = decode[Say](line.Event)
	case "received":
		var f protocol.Frame
		f, err = decodeFrame(tag.Frame)
		s.Event = Received{f}
	case "lost":
		s.Event = Lost{}
	case "writable":
		s.Event = Writable{}
	case "beat":
		s.Event = Beat{}
	case "timerFired":
		s.Event, err = decode[TimerFired](line.Event)
	case "close":
		s.Event, err = decode[Close](line.Event)
	default:
		err = fmt.Errorf("no event %q", tag.Event)
	}
	return err
}

func decode[E Event](raw []byte) (e E, err error) {
	err = json.Unmarshal(raw, &e)
	return e, err
}

func decodeFrame(raw []byte) (protocol.Frame, error) {
	env, err := protocol.Parse(raw)
	if err != nil {
		return nil, err
	}
	switch env.Type {
	case protocol.TypeJoined:
		return protocol.Decode[protocol.Joined](raw)
	case protocol.TypeEvent:
		return protocol.Decode[protocol.Event](raw)
	case protocol.TypeSignal:
		return protocol.Decode[protocol.Signal](raw)
	case protocol.TypeReceipt:
		return protocol.Decode[protocol.Receipt](raw)
	case protocol.TypeError:
		return protocol.Decode[protocol.ErrorReply](raw)
	case protocol.TypePong:
		return protocol.Decode[protocol.Pong](raw)
	case protocol.TypeGoAway:
		return protocol.Decode[protocol.GoAway](raw)
	}
	return nil, fmt.Errorf("a machine does not look at %s", env.Type)
}

// configOf reads a vector's config.
func configOf(t *testing.T, fields map[string]any) Config {
	t.Helper()
	var c Config
	v := reflect.ValueOf(&c).Elem()
	for name, value := range fields {
		f := v.FieldByName(strings.ToUpper(name[:1]) + name[1:])
		switch value := value.(type) {
		case string:
			f.SetString(value)
		case float64:
			if f.Type() == reflect.TypeFor[time.Duration]() {
				value *= float64(time.Millisecond)
			}
			f.SetInt(int64(value))
		default:
			t.Fatalf("config %s: %v", name, value)
		}
	}
	return c
}
