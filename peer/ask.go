package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/peer/mux"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Response is what came back for a request.
type Response struct {
	// Body is the answer, as it comes: what is not read stops its sender. It is to be read to its end or closed; closing it before its end
	// gives up the rest. Read returns io.EOF behind the whole answer, and for one that breaks off an error of CodeAborted (the other side gave
	// up), CodeTimeout, CodeClosed or CodeConnectionLost. Close returns nil.
	Body io.ReadCloser
}

// Request asks the peer for something and returns when it begins to answer. name says what is asked for, in at most 1024 bytes; body goes
// with it, nil for none. Both bodies may be of any size and are sent as they are read, at the pace of who reads them, also both at a time.
//
// ctx bounds all of it, up to the end of Response.Body. The other side is told of its deadline, so that neither works on for nothing; when
// ctx is cancelled, or Response.Body is closed, its Request.Context ends. A request is sent once, if at all: when the connection is lost
// meanwhile nobody knows whether it was answered, and it is the caller's to ask again.
//
// body is read by another goroutine, until its end or that of the request; if it is an io.Closer it is closed then, as net/http does. What
// is neither closed by that nor ends keeps Close of the peer and the room waiting.
//
// Errors: a *RequestError is what the other side's Fail said. Else they have a code: CodeTimeout when ctx's deadline has passed here or
// there, CodeAborted when ctx ended otherwise or a body could not be read, CodeOverflow when the other side has 64 requests of this one
// that it has not accepted, CodeUnsupported for a name that is too long, CodeConnectionLost, CodeClosed, or why the peer's Context ended.
func (p *Peer) Request(ctx context.Context, name string, body io.Reader) (*Response, error) {
	x, err := p.ask(ctx, name, body)
	if err == nil {
		err = x.hear()
	}
	if err != nil {
		return nil, wrap(err, "request %.80q", name)
	}
	return &Response{Body: x}, nil
}

// RequestError is what the other side's handler said instead of an answer.
type RequestError struct {
	// Code is a word of the application's own.
	Code string
	// Message says it to people.
	Message string
}

func (e *RequestError) Error() string { return e.Code + ": " + e.Message }

// exchange is the asking side of a request.
type exchange struct {
	ctx  context.Context // within the caller's; its cause is why this side has given up, or that all has come
	end  context.CancelCauseFunc
	stop func() bool // so that the end of ctx is not the channel's
	body bodyReader
}

var _ io.ReadCloser = (*exchange)(nil)

// errAnswered ends an exchange of which nothing more is to come.
var errAnswered = errors.New("the request has been answered")

// ask opens the channel of a request and has the body sent.
func (p *Peer) ask(ctx context.Context, name string, body io.Reader) (*exchange, error) {
	put := func() {}
	if c, ok := body.(io.Closer); ok {
		put = sync.OnceFunc(func() { c.Close() })
	}
	ch, c, err := p.openRequest(ctx, name)
	if err != nil {
		put()
		return nil, timed(ctx, err)
	}
	x := &exchange{body: bodyReader{ch: ch}}
	x.ctx, x.end = context.WithCancelCause(ctx)
	x.stop = context.AfterFunc(x.ctx, func() {
		why := &protocol.Error{Code: protocol.CodeAborted, Text: "who asked has given up"}
		if errors.Is(x.ctx.Err(), context.DeadlineExceeded) { // so that both sides say the same, whoever of them is first
			why = &protocol.Error{Code: protocol.CodeTimeout, Text: "the deadline of who asked has passed"}
		}
		ch.Reset(why)
	})
	if body == nil {
		ch.CloseWrite(x.ctx) // its error is the end of the channel, which hear sees
		return x, nil
	}
	if !c.spawn(func() { x.send(body, put) }) {
		put()
		x.release()
		return nil, codedCause(c.ctx)
	}
	return x, nil
}

func (p *Peer) openRequest(ctx context.Context, name string) (*mux.Channel, *connection, error) {
	switch { // before anything is waited for
	case len(name) > maxName:
		return nil, nil, protocol.Errorf(protocol.CodeUnsupported, "a name of %d bytes is longer than %d", len(name), maxName)
	case !utf8.ValidString(name):
		return nil, nil, protocol.Errorf(protocol.CodeUnsupported, "the name is not UTF-8")
	}
	for {
		c, changed, err := p.connected(ctx)
		if err != nil {
			return nil, nil, err
		}
		o := mux.Options{Request: true}
		if by, ok := ctx.Deadline(); ok {
			o.Deadline = max(time.Millisecond, time.Until(by))
		}
		ch, err := c.junction.mux.Open(ctx, name, o)
		if err == nil || ctx.Err() != nil || c.ctx.Err() == nil {
			return ch, c, err
		}
		p.await(ctx, changed) // nothing was sent: another connection takes the place of that one, or the peer has ended as well
	}
}

// send is the goroutine that sends the body.
func (x *exchange) send(body io.Reader, put func()) {
	ch := x.body.ch
	stop := context.AfterFunc(ch.Context(), put) // a Read that waits then is for nothing
	defer func() {
		stop()
		put()
	}()
	broken, err := sendBody(x.ctx, ch, body)
	switch {
	case ch.Context().Err() != nil: // an answer before the body's end is none the worse, and it is put that has broken it
	case broken:
		x.end(err)
	case err == nil:
		ch.CloseWrite(x.ctx)
	}
}

// hear waits for the head of the answer.
func (x *exchange) hear() error {
	data, text, err := x.body.ch.Recv(x.ctx)
	if err != nil {
		return x.failed(err)
	}
	err = readAnswer(data, text)
	if err == nil {
		return nil
	}
	if bad, ok := errors.AsType[*protocol.Error](err); ok {
		x.body.ch.Reset(bad)
	}
	x.release()
	return err
}

// Read is Response.Body's.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.body.read(x.ctx, p)
	if err == io.EOF {
		x.release()
	} else if err != nil {
		err = x.failed(err)
	}
	return n, err
}

// Close is Response.Body's.
func (x *exchange) Close() error {
	if x.body.ch.Complete() {
		x.stop()
	}
	x.end(protocol.Errorf(protocol.CodeClosed, "the body was closed by this side"))
	return nil
}

// release ends the exchange, of which nothing more is to come, but not the channel.
func (x *exchange) release() {
	x.stop()
	x.end(errAnswered)
}

// failed ends the exchange, and says why it did.
func (x *exchange) failed(err error) error {
	if x.ctx.Err() != nil {
		if cause := context.Cause(x.ctx); Code(cause) != "" {
			err = cause
		} else {
			err = timed(x.ctx, aborted(x.ctx))
		}
	}
	x.end(err)
	return err
}

// timed is err, of CodeTimeout if it is that ctx's deadline has passed.
func timed(ctx context.Context, err error) error {
	if Code(err) == protocol.CodeAborted && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", &protocol.Error{Code: protocol.CodeTimeout, Text: "the caller's deadline has passed"}, ctx.Err())
	}
	return err
}
