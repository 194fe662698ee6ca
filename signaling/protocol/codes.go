package protocol

import "fmt"

// ErrorCode names what went wrong, for machines. It travels in an `error` frame, or is raised by an SDK; in both languages
// the strings are the same.
type ErrorCode string

// Codes that a server answers with. The connection lives on after each of them, but for those that answer its hello.
const (
	CodeBadFrame        ErrorCode = "bad-frame"
	CodeUnknownType     ErrorCode = "unknown-type"
	CodeUnexpectedHello ErrorCode = "unexpected-hello"
	CodeBadRoom         ErrorCode = "bad-room"
	CodeForbidden       ErrorCode = "forbidden"
	CodeUnauthorized    ErrorCode = "unauthorized"
	CodeNotInRoom       ErrorCode = "not-in-room"
	CodeUnknownPeer     ErrorCode = "unknown-peer"
	CodeStaleInstance   ErrorCode = "stale-instance"
	CodeBusy            ErrorCode = "busy"
	CodeRateLimited     ErrorCode = "rate-limited"
	CodeRoomFull        ErrorCode = "room-full"
	CodeTooManyRooms    ErrorCode = "too-many-rooms"
	CodeInternal        ErrorCode = "internal"
	CodeRevoked         ErrorCode = "revoked"
)

// Codes of errors that answer no frame: they tell a client that the relay gives it no more than this.
const (
	CodeRelayAllocations ErrorCode = "relay-allocations"
	CodeRelayBytes       ErrorCode = "relay-bytes"
	CodeRelayBandwidth   ErrorCode = "relay-bandwidth"
)

// Codes with which a server answers requests of the carriers over HTTP, beside some of the above.
const (
	CodeBadRequest     ErrorCode = "bad-request"
	CodeUnknownCarrier ErrorCode = "unknown-carrier"
	CodeStaleRequest   ErrorCode = "stale-request"
	CodeBodyTooLarge   ErrorCode = "body-too-large"
	CodeBodyTooSlow    ErrorCode = "body-too-slow"
	CodeGoingAway      ErrorCode = "going-away"
)

// Codes that only an SDK raises; they never travel.
const (
	CodeAborted         ErrorCode = "aborted"
	CodeBadURL          ErrorCode = "bad-url"
	CodeClosed          ErrorCode = "closed"
	CodeConnectFailed   ErrorCode = "connect-failed"
	CodeConnectionLost  ErrorCode = "connection-lost"
	CodeKicked          ErrorCode = "kicked"
	CodeMeshFull        ErrorCode = "mesh-full"
	CodeMessageTooLarge ErrorCode = "message-too-large"
	CodeOverflow        ErrorCode = "overflow"
	CodePeerUnverified  ErrorCode = "peer-unverified"
	CodeTimeout         ErrorCode = "timeout"
	CodeTooManyPeers    ErrorCode = "too-many-peers"
	CodeUnsupported     ErrorCode = "unsupported"
)

// ErrorInfo is a row of the table of error codes.
type ErrorInfo struct {
	Code ErrorCode
	// FromServer tells codes that travel from those that only an SDK raises.
	FromServer bool
	// Text says what the code means, as a sentence for people.
	Text string
}

// ErrorCodes returns the one table of error codes, in the order of the specification.
func ErrorCodes() []ErrorInfo {
	return []ErrorInfo{
		{CodeBadFrame, true, "The frame is not one JSON object of the documented shape."},
		{CodeUnknownType, true, "The server does not know this type of frame."},
		{CodeUnexpectedHello, true, "A connection says hello once, as its first frame."},
		{CodeBadRoom, true, "A room's name is 1 to 64 letters, digits and . _ ~ -, and begins with a letter or digit."},
		{CodeForbidden, true, "Your grants do not allow this."},
		{CodeUnauthorized, true, "The token was refused."},
		{CodeNotInRoom, true, "You are not a member of this room."},
		{CodeUnknownPeer, true, "No such peer is in this room."},
		{CodeStaleInstance, true, "The peer is now another instance than the one you named."},
		{CodeBusy, true, "The recipient's queue is full; the frame was dropped. Send it again later."},
		{CodeRateLimited, true, "Too many frames; this one was dropped. Wait for retryAfter."},
		{CodeRoomFull, true, "The room has as many members as it may have."},
		{CodeTooManyRooms, true, "You are a member of as many rooms as you may be, or the server holds as many as it may."},
		{CodeInternal, true, "The server failed; its log says why."},
		{CodeRevoked, true, "Your token, or all tokens of your identity, have been revoked."},
		{CodeRelayAllocations, true, "The relay makes no further allocation for you: connections that need one will not open."},
		{CodeRelayBytes, true, "The relay has carried as many bytes for you as it will for now: relayed connections stand still."},
		{CodeRelayBandwidth, true, "The relay is carrying as much for you as it may: what is sent faster is dropped."},
		{CodeBadRequest, true, "The HTTP request is not one of those that are documented."},
		{CodeUnknownCarrier, true, "There is no such carrier, or no longer: connect again."},
		{CodeStaleRequest, true, "The request is not the next one of its carrier, or a newer one has taken its place."},
		{CodeBodyTooLarge, true, "The request's body is larger than it may be, or holds too many frames."},
		{CodeBodyTooSlow, true, "The request's body did not come in time."},
		{CodeGoingAway, true, "This server is shutting down: connect again in a moment, perhaps elsewhere."},
		{CodeAborted, false, "The caller gave up: its signal was aborted or its context ended."},
		{CodeBadURL, false, "The server's URL or the room's name is not valid."},
		{CodeClosed, false, "The room, peer or channel is closed."},
		{CodeConnectFailed, false, "No connection could be made."},
		{CodeConnectionLost, false, "An open connection ended unexpectedly."},
		{CodeKicked, false, "The server's operator has ended this session."},
		{CodeMeshFull, false, "The room is a full mesh of as many members as it may connect; this peer is beyond them."},
		{CodeMessageTooLarge, false, "The message is larger than the other side accepts."},
		{CodeOverflow, false, "The reader was too slow: what waited to be read or accepted passed its bound."},
		{CodePeerUnverified, false, "The peer has not proven who it is: it has another key or link, cannot prove anything, or somebody is between the two."},
		{CodeTimeout, false, "What was asked for did not come in time."},
		{CodeTooManyPeers, false, "The identity has as many peers on this server as its token allows."},
		{CodeUnsupported, false, "This environment lacks something that is needed, such as RTCPeerConnection."},
	}
}

// Error is an error with a code for machines and a sentence for people.
type Error struct {
	Code ErrorCode
	Text string
}

// Errorf makes an Error with a formatted sentence.
func Errorf(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return "protocol: " + string(e.Code) + ": " + e.Text }

// Is makes errors.Is(err, &Error{Code: c}) true for every error of that code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && (t.Text == "" || t.Text == e.Text)
}
