package peer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	// maxBatch and softBody bound a body of frames. The server takes 64 of them in 256 KiB; a frame behind softBody may be 64 KiB.
	maxBatch = 64
	softBody = 128 << 10
	// maxAnswer bounds the answers that hold no frames.
	maxAnswer = 64 << 10
)

// posting is what the conduits over HTTP have in common: posting, and what comes up in it.
type posting struct {
	server    string
	transport *http.Transport
	wires     *wires
	ctx       context.Context // ends with the conduit; the cause says why
	end       context.CancelCauseFunc
	carrier   string // the conduit's name, which is known once it is open

	n uint64 // of the last body that was applied; owned by who sends
}

// posting makes the HTTP client of one conduit. Nothing is shared with the one before it: what that one's connections had is lost with
// them. It speaks HTTP/1.1, where a request that is given up takes its connection with it, so that who asks once more does so on another one
// and not down the same dead wire; compression would only hold back what is streamed. Redirects are not followed: the token is for
// this server alone.
func (a *approach) posting(ctx context.Context) *posting {
	p := &posting{server: a.server, wires: &wires{dialer: a.dial, open: map[*wire]struct{}{}}}
	p.ctx, p.end = context.WithCancelCause(context.WithoutCancel(ctx))
	var config *tls.Config
	if a.cfg.TLS != nil {
		config = a.cfg.TLS.Clone() // which net/http would change
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	p.transport = &http.Transport{
		Proxy: a.proxy, TLSClientConfig: config, Protocols: protocols, DisableCompression: true, MaxResponseHeaderBytes: maxAnswer,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// net/http dials on when a request is given up. With the conduit this ends, too.
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(p.ctx, cancel)()
			return p.wires.dial(ctx, network, addr)
		},
	}
	return p
}

// post posts a body. ctx bounds the answer, to its last byte.
func (p *posting) post(ctx context.Context, path, accept string, body []byte) (*http.Response, error) {
	address, err := endpoint(p.server, path)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Content-Type", "application/x-ndjson")
	return p.transport.RoundTrip(req)
}

// ask posts a body and returns the answer, of at most limit bytes. If it is no 200, the error is a refusal.
func (p *posting) ask(path string, body []byte, within time.Duration, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(p.ctx, within, tooLate{within})
	defer cancel()
	resp, err := p.post(ctx, path, "application/x-ndjson", body)
	if err != nil {
		return nil, p.why(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, p.refused(path, resp)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, p.why(ctx, err)
	case int64(len(answer)) > limit:
		return nil, refused{fmt.Errorf("the answer to %s is larger than %d bytes", path, limit)}
	}
	return answer, nil
}

// why is the reason of an error: that of ctx's end, if that was it.
func (p *posting) why(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return unsecured(err)
}

// twice asks, and once more if the answer was lost, or the server wants that: no body does anything twice.
func (p *posting) twice(path string, body []byte, within time.Duration, limit int64) ([]byte, error) {
	answer, err := p.ask(path, body, within, limit)
	if err == nil || p.ctx.Err() != nil {
		return answer, err
	}
	if r, ok := errors.AsType[refused](err); ok {
		pass, ok := errors.AsType[passing](r.error)
		code := Code(r.error)
		if !ok || pass.after > within || code != protocol.CodeRateLimited && code != protocol.CodeBodyTooSlow || !sleep(p.ctx, pass.after) {
			return nil, err
		}
	}
	return p.ask(path, body, within, limit)
}

// refused is an answer that is no 200.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// errTooLarge is the refusal of a body that has to be parted.
var errTooLarge = errors.New("the server takes no body of that size")

// refused reads why a request was refused: by name if it was by a Beckon server, and else by whom there is in between.
func (p *posting) refused(path string, resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	body = bytes.TrimSpace(body)
	env, err := protocol.Parse(body)
	if err == nil && env.Type == protocol.TypeError {
		m, err := protocol.Decode[protocol.ErrorReply](body)
		switch {
		case err != nil:
		case m.Code == protocol.CodeUnknownCarrier || m.Code == protocol.CodeStaleRequest:
			return refused{fmt.Errorf("the server does not know the connection any more: %s", m.Code)}
		case m.Code == protocol.CodeBodyTooLarge:
			return refused{errTooLarge}
		default:
			return refused{refusal(m)}
		}
	}
	return refused{passing{obstacle{answerError(p.server, path, resp.StatusCode)}, retryAfter(resp.Header)}}
}

func (p *posting) batch() int { return maxBatch }

// send posts frames in one body, and returns when the server has read them.
func (p *posting) send(frames [][]byte) error {
	body := protocol.Encode(protocol.Send{Carrier: p.carrier, N: p.n + 1})
	for _, frame := range frames {
		body = append(append(body, '\n'), frame...)
	}
	answer, err := p.twice(sendPath, body, writeTimeout, maxAnswer)
	if errors.Is(err, errTooLarge) && len(frames) > 1 {
		half := len(frames) / 2
		if err := p.send(frames[:half]); err != nil {
			return err
		}
		return p.send(frames[half:])
	}
	if err != nil {
		return err
	}
	if sent, err := protocol.DecodeLine[protocol.Sent](bytes.TrimSpace(answer)); err != nil || sent.N != p.n+1 {
		return fmt.Errorf("%.80q is no answer to a send", answer)
	}
	p.n++
	return nil
}

// fail ends the conduit for a reason. The first one counts.
func (p *posting) fail(cause error) {
	p.end(cause)
	p.wires.close()
}

func (p *posting) close() { p.fail(net.ErrClosed) }

// retryAfter is what the header of that name says, in seconds (RFC 9110, section 10.2.3); 0 for none, and for the date that it may
// be instead.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// unsecured gives the error of a TLS connection that cannot be its code: every carrier would meet the same one.
func unsecured(err error) error {
	why := ""
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		why = "the server's certificate is not trusted; does Config.TLS lack its root?"
	} else if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		why = "the server speaks no TLS on this port; is its URL one with http?"
	}
	if why == "" {
		return err
	}
	return passing{fmt.Errorf("%w: %w", protocol.Errorf(protocol.CodeConnectFailed, "%s", why), err), 0}
}

// isClose returns the end that a line tells of, nil if it is another line.
func isClose(line []byte) *protocol.Close {
	if !bytes.Contains(line[:min(len(line), 64)], []byte(`"close"`)) {
		return nil // before it is read as one: hardly any line is
	}
	c, err := protocol.DecodeLine[protocol.Close](line)
	if err != nil {
		return nil
	}
	return &c
}
