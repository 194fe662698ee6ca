package peer

import (
	"errors"
	"fmt"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// carrierError is why a signaling connection ended, by the close code if one came. lost is the code of an end that says
// nothing else: CodeConnectFailed while joining, CodeConnectionLost afterwards.
func carrierError(err error, lost protocol.ErrorCode) error {
	if Code(err) != "" {
		return err
	}
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		return fmt.Errorf("%w: %w", protocol.Errorf(lost, "the connection to the signaling server ended"), err)
	}
	code := protocol.CloseCode(closed.Code)
	for _, row := range protocol.CloseCodes() {
		if row.Code == code {
			return protocol.Errorf(closeMeans(code, lost), "the server ended the connection (%s): %s", row.Name, row.Text)
		}
	}
	return protocol.Errorf(lost, "the server ended the connection with code %d", closed.Code)
}

// closeMeans maps the close codes that another connection would meet as well to the error code that says so.
func closeMeans(code protocol.CloseCode, lost protocol.ErrorCode) protocol.ErrorCode {
	switch code {
	case protocol.CloseUnauthorized, protocol.CloseTokenExpired:
		return protocol.CodeUnauthorized
	case protocol.CloseTooManyPeers:
		return protocol.CodeTooManyPeers
	case protocol.CloseUnsupportedVersion:
		return protocol.CodeUnsupported
	case protocol.CloseKicked:
		return protocol.CodeKicked
	case protocol.CloseRevoked:
		return protocol.CodeRevoked
	}
	return lost
}
