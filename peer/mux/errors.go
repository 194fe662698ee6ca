package mux

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// aborted is the error of an operation whose context ended: it is both of CodeAborted and what the context says.
func aborted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", &protocol.Error{Code: protocol.CodeAborted, Text: "the caller's context ended"}, context.Cause(ctx))
}

// coded is err with a code: its own or, if it has none, code.
func coded(err error, code protocol.ErrorCode, text string) error {
	if _, ok := errors.AsType[*protocol.Error](err); ok {
		return err
	}
	if err == nil {
		return &protocol.Error{Code: code, Text: text}
	}
	return fmt.Errorf("%w: %w", &protocol.Error{Code: code, Text: text}, err)
}

// endOfMessages is what Recv returns behind the last message when the other side has said FIN.
func endOfMessages() error {
	return fmt.Errorf("%w: %w", &protocol.Error{Code: protocol.CodeClosed, Text: "the other side sends no more"}, io.EOF)
}

// errNoLink is why nothing can be written: the connection was lost in this moment.
func errNoLink() error {
	return &protocol.Error{Code: protocol.CodeConnectionLost, Text: "the connection is over"}
}
