package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// dial makes the WebSocket to a server. ctx bounds all of it, and its cause is the error when it ends first: that of an attempt to
// connect again is no end of the room, as a caller's is of a Join. Whatever goes wrong may pass: until a Beckon server has spoken, what
// refuses may be a proxy before one that is being restarted. Only an address that is none stays one.
func dial(ctx context.Context, server string, cfg *Config) (*websocket.Conn, error) {
	address, err := endpoint(server)
	if err != nil {
		return nil, err
	}
	open := cfg.Dial
	var proxy func(*http.Request) (*url.URL, error)
	if open == nil {
		open, proxy = new(net.Dialer).DialContext, http.ProxyFromEnvironment
	}
	// gorilla lets a deadline of ctx end the handshake, but not its cancellation: that has to close the connection under it.
	unwatch := func() bool { return true }
	dialer := websocket.Dialer{
		Subprotocols:    []string{protocol.Version},
		TLSClientConfig: cfg.TLS,
		Proxy:           proxy,
		NetDialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			conn, err := open(ctx, network, addr)
			if err == nil {
				unwatch = context.AfterFunc(ctx, func() { conn.Close() })
			}
			return conn, err
		},
	}
	ws, resp, err := dialer.DialContext(ctx, address, nil)
	alive := unwatch()
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, passing{dialError(strings.TrimSuffix(address, socketPath), resp, err), retryAfter(resp)}
	case !alive:
		ws.Close()
		return nil, context.Cause(ctx)
	case ws.Subprotocol() != protocol.Version:
		ws.Close()
		return nil, passing{protocol.Errorf(protocol.CodeConnectFailed,
			"%s is a WebSocket that does not speak %s; is it a Beckon server?", address, protocol.Version), 0}
	}
	return ws, nil
}

// retryAfter is what the header of that name says, in seconds (RFC 9110, section 10.2.3); 0 for none, and for the date that it may
// be instead.
func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// dialError says what an upgrade that failed means, as far as the HTTP status tells.
func dialError(server string, resp *http.Response, err error) error {
	if resp == nil {
		return fmt.Errorf("%w: %w", protocol.Errorf(protocol.CodeConnectFailed, "nobody answers at %s; is the server running?", server), err)
	}
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusOK:
		return protocol.Errorf(protocol.CodeConnectFailed,
			"%s is a web server but not a Beckon server (HTTP %d at %s); is the path before it missing?", server, resp.StatusCode, socketPath)
	case http.StatusUnauthorized:
		return protocol.Errorf(protocol.CodeUnauthorized, "%s, or a proxy before it, wants to know who you are (HTTP 401)", server)
	case http.StatusForbidden:
		return protocol.Errorf(protocol.CodeForbidden, "%s, or a proxy before it, refuses (HTTP 403)", server)
	case http.StatusTooManyRequests:
		return protocol.Errorf(protocol.CodeRateLimited, "%s has too many connections from this address (HTTP 429)", server)
	}
	return protocol.Errorf(protocol.CodeConnectFailed, "%s refuses the WebSocket (HTTP %d)", server, resp.StatusCode)
}

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
	case protocol.CloseUnauthorized:
		return protocol.CodeUnauthorized
	case protocol.CloseUnsupportedVersion:
		return protocol.CodeUnsupported
	}
	return lost
}
