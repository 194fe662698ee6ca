package peer

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync/atomic"

	"github.com/beckon-rtc/beckon/peer/mux"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	maxAnswerHead     = 64 << 10 // bytes; what Fail says is a lot shorter
	maxRequestCode    = 64
	maxRequestMessage = 1024
)

// Request is what a peer asks for. It is an io.Reader of what goes with it, and is answered by Respond or Fail, once. All its methods may
// be called from any goroutine. Who accepts a request answers it: until then, or until its Context ends, it is one of the 256 channels that
// its peer may have open.
type Request struct {
	peer     *Peer
	ctx      context.Context
	end      context.CancelCauseFunc // ends ctx; the first cause counts
	body     bodyReader
	answered atomic.Bool // or is being
	closing  atomic.Bool // the channel has been closed by answer, which waits for the other side and ends ctx then
}

var _ io.Reader = (*Request)(nil)

// AcceptRequest returns the next request of the peer. It waits until there is one, the peer's Context ends or ctx does; ctx bounds this
// call alone. Requests are not channels, and Accept does not return them.
//
// At most 64 requests of a peer wait to be accepted, those that Room.AcceptRequest may take among them. A further one is refused, which the
// other side sees (CodeOverflow), and counted in Room.Stats. One whose Context has ended meanwhile is left out.
func (p *Peer) AcceptRequest(ctx context.Context) (*Request, error) {
	r, err := p.room.requests.take(ctx, p.ctx, p)
	if err != nil {
		return nil, wrap(err, "accept a request from %q", p.id)
	}
	return r, nil
}

// AcceptRequest returns the next request of any peer; Request.Peer is who asks. It is Peer.AcceptRequest for all of them, and ends with the
// room's Context.
func (r *Room) AcceptRequest(ctx context.Context) (*Request, error) {
	request, err := r.requests.take(ctx, r.ctx, nil)
	if err != nil {
		return nil, wrap(err, "accept a request in room %q", r.name)
	}
	return request, nil
}

// newRequest is called when the other side has asked. It does not block.
func newRequest(p *Peer, ch *mux.Channel) *Request {
	r := &Request{peer: p, body: bodyReader{ch: ch}}
	r.ctx, r.end = context.WithCancelCause(context.WithoutCancel(p.ctx))
	if by := ch.Options().Deadline; by > 0 {
		late := &protocol.Error{Code: protocol.CodeTimeout, Text: "the time for the answer is over"}
		ctx, cancel := context.WithTimeoutCause(r.ctx, by, late)
		r.ctx = ctx
		context.AfterFunc(ctx, func() {
			cancel()
			if context.Cause(ctx) == error(late) {
				ch.Reset(late)
			}
		})
	}
	context.AfterFunc(ch.Context(), func() {
		if !r.closing.Load() {
			r.end(context.Cause(ch.Context()))
		}
	})
	return r
}

// over tells that nobody waits for the answer, a moment before Context does.
func (r *Request) over() bool { return r.ctx.Err() != nil || r.body.ch.Context().Err() != nil }

// Name is what is asked for.
func (r *Request) Name() string { return r.body.ch.Label() }

// Peer is who asks.
func (r *Request) Peer() *Peer { return r.peer }

// Context ends when the answer is of no use any more, and when it has been given. context.Cause says why, as a *protocol.Error: CodeAborted
// when who asked gave up or could not read its body, CodeTimeout when the deadline has passed that it gave, CodeConnectionLost, CodeClosed.
func (r *Request) Context() context.Context { return r.ctx }

// Read reads what goes with the request. io.EOF means that all of it has come; when Context has ended the error is its cause. What is not
// read stops its sender; an answer ends it.
func (r *Request) Read(p []byte) (int, error) {
	n, err := r.body.read(r.ctx, p)
	if err != nil && err != io.EOF {
		if r.ctx.Err() != nil {
			err = codedCause(r.ctx)
		}
		err = wrap(err, "read request %.80q", r.Name())
	}
	return n, err
}

// Respond answers with what body has; nil for nothing. It reads body as fast as the other side reads the answer, and returns nil when the
// other side has all of it. The request's own body need not have been read, and may be read meanwhile.
//
// With an error the other side has not got all, and sees an error, too: of CodeAborted when ctx ended or body could not be read, CodeClosed when
// it has been answered before, or what ended Context. ctx does not end a Read of body that waits.
func (r *Request) Respond(ctx context.Context, body io.Reader) error {
	if err := r.answer(ctx, answerHead{OK: true}, body); err != nil {
		return wrap(err, "respond to %.80q", r.Name())
	}
	return nil
}

// Fail answers that there is no answer: the other side gets a *RequestError. code is for its program, a word of up to 64 letters, digits and
// "-" (else CodeUnsupported, and nothing is said); message is for people and cut off behind 1024 bytes. Errors are those of Respond.
func (r *Request) Fail(ctx context.Context, code, message string) error {
	err := checkRequestCode(code)
	if err == nil {
		message = strings.ToValidUTF8(message[:min(len(message), maxRequestMessage)], "")
		err = r.answer(ctx, answerHead{Error: &answerFailure{code, message}}, nil)
	}
	if err != nil {
		return wrap(err, "fail %.80q", r.Name())
	}
	return nil
}

func (r *Request) answer(ctx context.Context, head answerHead, body io.Reader) error {
	if !r.answered.CompareAndSwap(false, true) {
		return protocol.Errorf(protocol.CodeClosed, "the request has been answered")
	}
	ch := r.body.ch
	err := ch.Send(ctx, head.encode(), true)
	if err == nil {
		_, err = sendBody(ctx, ch, body)
	}
	if err == nil {
		r.closing.Store(true) // the caller's ctx may be Context
		ch.Close("")
		err = ch.Settled(ctx)
	}
	if err != nil {
		if Code(err) == protocol.CodeAborted && r.ctx.Err() != nil {
			err = codedCause(r.ctx)
		}
		ch.Reset(&protocol.Error{Code: protocol.CodeAborted, Text: "the answer broke off"})
		r.end(err)
		return err
	}
	r.end(protocol.Errorf(protocol.CodeClosed, "the request has been answered"))
	return nil
}

// answerHead is the first message of an answer.
type answerHead struct {
	OK    bool           `json:"ok,omitempty"`
	Error *answerFailure `json:"error,omitempty"`
}

type answerFailure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (h answerHead) encode() []byte {
	raw, err := json.Marshal(h)
	if err != nil {
		panic("peer: " + err.Error()) // of structs of strings and a bool there is no error
	}
	return raw
}

// readAnswer reads a head: nil, a *RequestError, or a *protocol.Error of CodeBadFrame.
func readAnswer(data []byte, text bool) error {
	var h answerHead
	if !text || len(data) > maxAnswerHead || json.Unmarshal(data, &h) != nil || h.OK == (h.Error != nil) {
		return protocol.Errorf(protocol.CodeBadFrame, "the answer has no head")
	}
	if h.OK {
		return nil
	}
	if err := checkRequestCode(h.Error.Code); err != nil {
		return protocol.Errorf(protocol.CodeBadFrame, "the answer fails with no code")
	}
	return &RequestError{h.Error.Code, h.Error.Message}
}

// checkRequestCode checks that a code is the word that it must be.
func checkRequestCode(code string) error {
	odd := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-'
	}
	if code == "" || len(code) > maxRequestCode || strings.ContainsFunc(code, odd) {
		return protocol.Errorf(protocol.CodeUnsupported, "the code %.80q is no word of at most %d letters, digits and -", code, maxRequestCode)
	}
	return nil
}
