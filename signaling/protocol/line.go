package protocol

// What carriers over HTTP say beside frames, one JSON object a line like these, for what a WebSocket says by itself: which
// connection this is, which body comes next, what has arrived, and why it ends. None of it is a frame: Parse does not know them.
const (
	TypeOpened Type = "opened"
	TypeSend   Type = "send"
	TypeSent   Type = "sent"
	TypePoll   Type = "poll"
	TypePolled Type = "polled"
	TypeClose  Type = "close"
)

// Opened (of the server, over HTTP) is the first line of a stream. It comes before the hello is answered.
type Opened struct {
	// Carrier names the connection in what is posted for it. Who knows it can speak for the client, so it never stands in a URL.
	Carrier string `json:"carrier"`
}

// Send (of the client, over HTTP) is the first line of a body that is posted to /v1/send. The frames follow, a line each.
type Send struct {
	Carrier string `json:"carrier"`
	// N counts the bodies of this carrier: 1, 2, 3 … One whose answer was lost is sent again with the same N, and applied once.
	N uint64 `json:"n"`
}

// Sent (of the server, over HTTP) answers a Send: all its frames have been read.
type Sent struct {
	N uint64 `json:"n"`
}

// Poll (of the client, over HTTP) asks for more of a carrier that was opened by a hello to /v1/poll.
type Poll struct {
	Carrier string `json:"carrier"`
	// Cursor is that of the last answer: all up to there has arrived.
	Cursor uint64 `json:"cursor"`
}

// Polled (of the server, over HTTP) is the first line of the answer to a poll. The frames follow, a line each.
type Polled struct {
	// Carrier is as in Opened. It is there in the first answer alone.
	Carrier string `json:"carrier,omitempty"`
	// Cursor is for the next poll: how many lines, those of this answer included, have been handed out.
	Cursor uint64 `json:"cursor"`
}

// Close (of the server, over HTTP) is the last line of a carrier: what a WebSocket says in its close frame.
type Close struct {
	// Code is a CloseCode, and Reason its name.
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

func (Opened) Type() Type { return TypeOpened }
func (Send) Type() Type   { return TypeSend }
func (Sent) Type() Type   { return TypeSent }
func (Poll) Type() Type   { return TypePoll }
func (Polled) Type() Type { return TypePolled }
func (Close) Type() Type  { return TypeClose }

func (m *Opened) check() error { return checkCarrier(TypeOpened, m.Carrier) }

func (m *Send) check() error {
	if m.N == 0 {
		return Errorf(CodeBadFrame, "send: n counts from 1")
	}
	return checkCarrier(TypeSend, m.Carrier)
}

func (m *Sent) check() error { return nil }

func (m *Poll) check() error {
	if m.Cursor > MaxNumber {
		return Errorf(CodeBadFrame, "poll: cursor is not a whole number from 0 to 2^53-1")
	}
	return checkCarrier(TypePoll, m.Carrier)
}

func (m *Polled) check() error { return nil }

func (m *Close) check() error { return nil }

func checkCarrier(line Type, carrier string) error {
	if carrier == "" || len(carrier) > MaxName {
		return Errorf(CodeBadFrame, "%s: carrier is not a string of 1 to %d bytes", line, MaxName)
	}
	return nil
}

// DecodeLine reads a line of that type which is no frame. It is as strict as Parse and Decode are. The error is a *Error: of
// CodeUnknownType if the line is a frame, or of another type; of CodeBadFrame for all else.
func DecodeLine[F any, P interface {
	*F
	Frame
	check() error
}](line []byte) (F, error) {
	var f F
	env, err := Parse(line)
	if want := P(&f).Type(); env.Type != want {
		if err == nil {
			err = Errorf(CodeUnknownType, "%s, where %s was expected", env.Type, want)
		}
		return f, err
	}
	if coded, ok := err.(*Error); ok && coded.Code != CodeUnknownType {
		return f, err
	}
	return Decode[F, P](line)
}
