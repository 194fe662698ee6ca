package files

import (
	"errors"
	"strings"
)

// Code says to programs why a transfer, or a question about one, came to nothing. README.md has who says each, and when.
type Code string

// The codes.
const (
	CodeDeclined     Code = "declined"        // the user does not want it
	CodeNoRoom       Code = "no-room"         // it does not fit on the receiver's disk
	CodeBadOffer     Code = "bad-offer"       // the list of files breaks a rule, or is too long
	CodeExists       Code = "exists"          // other files are there under these names
	CodeCancelled    Code = "cancelled"       // the receiver has given up
	CodeWrongDigest  Code = "wrong-digest"    // what came is not what the sender has
	CodeWriteFailed  Code = "write-failed"    // the receiver could not write it
	CodeNoSuchOffer  Code = "no-such-offer"   // this peer has no such offer open
	CodeNoSuchFile   Code = "no-such-file"    // the offer has no such file
	CodeNoSuchAction Code = "no-such-request" // there is no request of that name
	CodeBadRange     Code = "bad-range"       // the file has no such bytes
	CodeUnreadable   Code = "unreadable"      // the sender cannot read the file any more
	CodeChanged      Code = "changed"         // the file is not what it was when it was offered
)

// Error is what goes wrong with files. Everything else that can is an error of package peer.
type Error struct {
	// Code is for programs. One that the other side has said may be any word.
	Code Code
	// Path is the file's or folder's; "" if it is about all of it.
	Path string
	// Text says it to people. From the other side it may be anything: show it without control characters.
	Text string
	// Remote tells that the other side has said so.
	Remote bool

	cause error
}

func (e *Error) Error() string {
	return "files: " + string(e.Code) + ": " + e.said()
}

// Unwrap is what the file system said, if that is the cause.
func (e *Error) Unwrap() error { return e.cause }

// said is the error as the other side is told it.
func (e *Error) said() string {
	if e.Path == "" {
		return e.Text
	}
	return e.Path + ": " + e.Text
}

// CodeOf is the code of an *Error, "" for any other error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Errors are those of several files, in the order of their paths.
type Errors []*Error

// maxNamed are the errors that a list names; the rest are counted.
const maxNamed = 20

func (l Errors) Error() string {
	var b strings.Builder
	for i, e := range l {
		if i == maxNamed {
			b.WriteString("\nand more of this kind")
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.said())
	}
	return b.String()
}

// Unwrap gives errors.As the single ones.
func (l Errors) Unwrap() []error {
	all := make([]error, len(l))
	for i, e := range l {
		all[i] = e
	}
	return all
}
