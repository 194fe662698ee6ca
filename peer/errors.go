package peer

import (
	"context"
	"errors"
	"fmt"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Code returns the code of the *protocol.Error that err is or wraps, and "" for any other error. It saves the errors.As:
//
//	if peer.Code(err) == protocol.CodeMeshFull { … }
func Code(err error) protocol.ErrorCode {
	if coded, ok := errors.AsType[*protocol.Error](err); ok {
		return coded.Code
	}
	return ""
}

// codeError is the error of a code that comes without a sentence of its own.
func codeError(code protocol.ErrorCode) error {
	for _, row := range protocol.ErrorCodes() {
		if row.Code == code {
			return &protocol.Error{Code: code, Text: row.Text}
		}
	}
	return &protocol.Error{Code: code, Text: "the server says so"} // in a later version
}

// wrap names the operation that failed: `peer: open "chat": protocol: closed: …`.
func wrap(err error, format string, args ...any) error {
	return fmt.Errorf("peer: %s: %w", fmt.Sprintf(format, args...), err)
}

// aborted is the error of an operation whose context ended: it is both of CodeAborted and what the context says, so that a
// caller may ask for either.
func aborted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", &protocol.Error{Code: protocol.CodeAborted, Text: "the caller's context ended"}, context.Cause(ctx))
}

// codedCause is why ctx ended, always with a code.
func codedCause(ctx context.Context) error {
	err := context.Cause(ctx)
	if err == nil || Code(err) != "" {
		return err
	}
	return fmt.Errorf("%w: %w", &protocol.Error{Code: protocol.CodeClosed, Text: "it was closed"}, err)
}
