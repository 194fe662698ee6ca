package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// approach is one attempt to open a conduit.
type approach struct {
	server string
	cfg    *Config
	hello  []byte
	within time.Duration // from the first connection on until the conduit is open; 0 is as long as ctx lasts

	proxy func(*http.Request) (*url.URL, error)
	dials func(ctx context.Context, network, addr string) (net.Conn, error)

	mu      sync.Mutex // guards all below
	reached bool       // a connection was made, to the server or to a proxy before it
	from    string     // the address of this side of the last one
	timer   *time.Timer
	cancel  context.CancelCauseFunc
}

// open makes a conduit and says hello on it. ctx bounds all of it and nothing after it. An error that another carrier might not meet is
// an obstacle; that nobody can be dialled is none, because the others would dial the same. Whatever goes wrong may pass: until a
// Beckon server has spoken, what refuses may be a proxy before one that is being restarted. Only an address that is none stays one.
func (a *approach) open(ctx context.Context, kind Carrier) (conduit, error) {
	a.dials = a.cfg.Dial
	if a.dials == nil {
		a.dials, a.proxy = new(net.Dialer).DialContext, http.ProxyFromEnvironment
	}
	ctx, a.cancel = context.WithCancelCause(ctx)
	defer a.cancel(nil)
	begin := a.socket
	switch kind {
	case CarrierStream:
		begin = a.stream
	case CarrierPoll:
		begin = a.poll
	}
	c, err := begin(ctx)
	reached := a.stop()
	if err == nil && ctx.Err() != nil { // it is closed already
		c.close()
		err = ctx.Err()
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	late, isLate := errors.AsType[tooLate](err)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil && !isLate, Code(err) != "":
		return nil, err
	case !reached:
		return nil, passing{fmt.Errorf("%w: %w", protocol.Errorf(protocol.CodeConnectFailed,
			"nobody answers at %s; is the server running?", a.server), err), 0}
	case isLate:
		return nil, passing{obstacle{protocol.Errorf(protocol.CodeConnectFailed, "it did not open within %v", late.after)}, 0}
	}
	return nil, passing{obstacle{fmt.Errorf("%w: %w", protocol.Errorf(protocol.CodeConnectFailed, "the connection ended before there was an answer"), err)}, 0}
}

// dial is what makes all connections of an attempt. The time to open counts from the first one that stands: a network that is slow to
// connect is as slow for the other carriers.
func (a *approach) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := a.dials(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.reached && a.within > 0 {
		a.timer = time.AfterFunc(a.within, func() { a.cancel(tooLate{a.within}) })
	}
	a.reached = true
	if local, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		a.from = local.IP.String()
	}
	return conn, nil
}

// address is where the last connection was made from, "" if that is not known.
func (a *approach) address() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.from
}

// stop stops the clock, and tells whether anybody was reached.
func (a *approach) stop() (reached bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
	return a.reached
}

// tooLate is the cause of an attempt's end by its clock.
type tooLate struct{ after time.Duration }

func (t tooLate) Error() string { return fmt.Sprintf("there was no answer within %v", t.after) }

// obstacle is an error that stands in the way of one carrier and may not stand in that of another.
type obstacle struct{ error }

func (o obstacle) Unwrap() error { return o.error }
