package webhook

import "context"

// Code says for programs why nobody was let in.
type Code string

// The codes.
const (
	Refused     Code = "refused"     // the backend says no
	Unavailable Code = "unavailable" // there was no answer in time
	Busy        Code = "busy"        // too many questions wait already
	BadAnswer   Code = "bad-answer"  // the answer makes no sense
)

// Error is what Ask fails with. Its text is for the operator's log and holds neither the client's token nor the secret.
type Error struct {
	Code Code
	Text string
}

func (e *Error) Error() string { return "webhook: " + e.Text }

// Unwrap makes everything but a no look like what was not decided in time, which is what it is.
func (e *Error) Unwrap() error {
	if e.Code == Refused {
		return nil
	}
	return context.DeadlineExceeded
}
