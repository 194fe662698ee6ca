package signaling

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// firstBeat is when a stream has its first heartbeat. The opening line may have come with the headers through a proxy that holds
// back what follows; that a second write comes through within seconds tells the client that none does.
const firstBeat = 2 * time.Second

// stream is the carrier whose frames go down in one long HTTP response and come up in the bodies of /v1/send.
type stream struct {
	*mailbox
	events bool // text/event-stream, else a line for each frame

	// Owned by the drainer, and before it runs by serveStream.
	w http.ResponseWriter

	// Guarded by mailbox.mu: after dead, the response is not ours any more.
	response *http.ResponseController
}

var _ carrier = (*stream)(nil)

// serveStream answers a hello with a stream, and returns when that has ended.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	hello, ok := s.readHello(w, r)
	if !ok {
		return
	}
	addr := remoteAddr(r)
	if status, reason := s.admit(addr); status != 0 {
		s.refusePost(w, status, reason)
		return
	}
	k := &stream{
		mailbox:  newMailbox(s.limits.Frame, hello),
		events:   strings.Contains(r.Header.Get("Accept"), "text/event-stream"),
		w:        w,
		response: http.NewResponseController(w),
	}
	c := newConn(s, k, addr, r.Header.Get("Origin"))
	k.conn = c
	s.post(c)
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	if k.events {
		h.Set("Content-Type", "text/event-stream")
	}
	h.Set("X-Accel-Buffering", "no") // nginx
	w.WriteHeader(http.StatusOK)
	by := time.Now().Add(s.limits.Write)
	err := errors.Join(k.write(protocol.Encode(protocol.Opened{Carrier: k.id}), by), k.flush(by))
	if errors.Is(err, http.ErrNotSupported) {
		s.log.Error().Err(err).Msg("streams do not work: a handler in front of the server hides http.Flusher")
	}
	s.register(c)
	if err != nil {
		c.abort()
	}
	c.beat(min(firstBeat, s.limits.Ping))
	stop := context.AfterFunc(r.Context(), c.abort) // the client has gone
	defer stop()
	c.serve()
}

func (k *stream) write(frame []byte, by time.Time) error {
	frame = oneLine(frame)
	if k.events {
		return k.put(by, "data: ", frame, "\n\n")
	}
	return k.put(by, "", frame, "\n")
}

func (k *stream) put(by time.Time, before string, text []byte, after string) error {
	if err := k.arm(by); err != nil {
		return err
	}
	for _, part := range [][]byte{[]byte(before), text, []byte(after)} {
		if len(part) == 0 {
			continue
		}
		if _, err := k.w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// arm sets the deadline of a write, unless the carrier was aborted: the deadline of that stands.
func (k *stream) arm(by time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return errCarrierOver
	}
	// Without deadlines, which a recorder in a test does not have, a write ends with the connection.
	if err := k.response.SetWriteDeadline(by); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// flush also takes the deadline back: HTTP/2 would end the stream at its time, written or not, and in HTTP/1 it would hold for the
// next request on this connection.
func (k *stream) flush(by time.Time) error {
	if err := k.arm(by); err != nil {
		return err
	}
	if err := k.response.Flush(); err != nil {
		return err
	}
	return k.arm(time.Time{})
}

// control writes a heartbeat, which is no frame but an empty line or comment, or the close.
func (k *stream) control(op op, code protocol.CloseCode, by time.Time) error {
	switch {
	case op == opClose:
		return k.write(closeLine(code), by)
	case k.events:
		return k.put(by, ":", nil, "\n\n")
	}
	return k.put(by, "", nil, "\n")
}

// abort wakes a writer too.
func (k *stream) abort() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return
	}
	_ = k.response.SetWriteDeadline(time.Unix(1, 0))
	k.shut, k.dead = true, true
	k.tell()
}

func closeLine(code protocol.CloseCode) []byte {
	return protocol.Encode(protocol.Close{Code: int(code), Reason: code.Name()})
}

// oneLine returns a frame without line breaks. In what Parse has accepted they can only be white space between tokens, so a
// space says the same.
func oneLine(frame []byte) []byte {
	if !bytes.ContainsAny(frame, "\r\n") {
		return frame
	}
	line := bytes.ReplaceAll(frame, []byte("\n"), []byte(" "))
	return bytes.ReplaceAll(line, []byte("\r"), []byte(" "))
}
