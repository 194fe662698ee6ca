package protocol

import (
	"bytes"
	"encoding/json"
)

// Encode makes a frame, its type first. What is raw in it (attributes, data) stays as it is but for white space: JSON's
// escapes for HTML would make six bytes of one, in every snapshot of a room.
func Encode(f Frame) []byte {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		// Only a RawMessage that is not JSON can do this, and every one of ours comes from a marshaller or from Parse.
		panic("protocol: encode " + string(f.Type()) + ": " + err.Error())
	}
	fields := bytes.TrimSuffix(body.Bytes(), []byte("\n"))[1:]
	frame := make([]byte, 0, len(`{"type":"",`)+len(f.Type())+len(fields))
	frame = append(frame, `{"type":"`...)
	frame = append(frame, f.Type()...)
	frame = append(frame, '"')
	if len(fields) > len(`}`) {
		frame = append(frame, ',')
	}
	return append(frame, fields...)
}

// Decode reads a frame that Parse has accepted into the struct of its type, and checks what that type demands. The error is a
// *Error of CodeBadFrame, or of CodeBadRoom for a name that cannot be a room's.
func Decode[F any, P interface {
	*F
	Frame
	check() error
}](frame []byte) (F, error) {
	var f F
	if err := json.Unmarshal(frame, &f); err != nil {
		return f, Errorf(CodeBadFrame, "%s: %v", P(&f).Type(), err)
	}
	if err := P(&f).check(); err != nil {
		return f, err
	}
	return f, nil
}

// Forward returns a client's signal or receipt as its recipient gets it: the frame with the sender's peer id and instance
// spliced in, and not a byte else changed. The frame must have passed Parse, and its envelope CheckRoute.
func Forward(frame []byte, env Envelope, from, fromInstance string) []byte {
	out := make([]byte, 0, len(frame)+len(from)+len(fromInstance)+len(`"from":"","fromInstance":"",`))
	out = append(out, frame[:env.body]...)
	out = append(out, `"from":"`...)
	out = append(out, from...)
	out = append(out, `","fromInstance":"`...)
	out = append(out, fromInstance...)
	out = append(out, `",`...)
	return append(out, frame[env.body:]...)
}

// EncodeMessageEvent makes the event frame of a room message without decoding its data. It is Encode of an Event, for the one
// kind whose data can be large.
func EncodeMessageEvent(e Event) []byte {
	data := e.Data
	e.Data = nil
	head := Encode(e)
	frame := make([]byte, 0, len(head)+len(data)+len(`,"data":}`))
	frame = append(frame, head[:len(head)-1]...)
	frame = append(frame, `,"data":`...)
	frame = append(frame, data...)
	return append(frame, '}')
}
