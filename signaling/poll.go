package signaling

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// poll is the carrier whose frames go down in the answers to one request after the other. Lines are kept until a later poll
// says that they have arrived, so an answer that is lost loses none.
type poll struct {
	*mailbox
	max int // how many bytes may wait for their acknowledgement

	// Guarded by mailbox.mu.
	lines  [][]byte // that are not acknowledged
	bytes  int      // theirs
	acked  uint64   // the number of the line before lines[0]; the first is 1
	ready  uint64   // lines up to here may be given out
	given  uint64   // lines up to here have been, in an answer at least begun
	handed uint64   // lines up to here have been, in an answer that was written
	poller uint64   // the newest poll
	// writer is the answer that is being written. A newer one cuts it off: who asks again and again and reads slowly must not have
	// many answers in memory.
	writer *http.ResponseController
}

var _ carrier = (*poll)(nil)

// servePoll opens a carrier by a hello, or answers the next poll of one.
func (s *Server) servePoll(w http.ResponseWriter, r *http.Request) {
	body, ok := s.readBody(w, r, s.limits.Frame+1, s.limits.Hello) // with a line break
	if !ok {
		return
	}
	line := bytes.TrimSpace(body)
	p, first, err := parsePoll(line)
	if err != nil {
		s.refusePost(w, http.StatusBadRequest, err.Error())
		return
	}
	if !first {
		if k, ok := s.carrierOf(p.Carrier).(*poll); ok {
			k.answer(w, r, p.Cursor)
			return
		}
		s.unknownCarrier(w)
		return
	}
	addr := remoteAddr(r)
	if status, reason := s.admit(addr); status != 0 {
		s.refusePost(w, status, reason)
		return
	}
	k := &poll{mailbox: newMailbox(s.limits.Frame, line), max: s.limits.QueueBytes}
	k.conn = newConn(s, k, addr, r.Header.Get("Origin"))
	s.post(k.conn)
	s.register(k.conn)
	go k.conn.serve()
	k.answer(w, r, 0)
}

// parsePoll reads the body of a poll: a poll line, or whatever else one line may be. That is the first of a connection, a hello or what
// should have been one, and judged as it would be on a WebSocket. An error is for people.
func parsePoll(line []byte) (p protocol.Poll, first bool, err error) {
	if bytes.IndexByte(line, '\n') >= 0 {
		return p, false, errors.New("the body of a poll is one line: a hello to begin with, then poll lines")
	}
	if env, _ := protocol.Parse(line); env.Type != protocol.TypePoll {
		return p, true, nil
	}
	p, err = protocol.DecodeLine[protocol.Poll](line)
	return p, false, err
}

// answer waits for lines behind the cursor, and answers with them; with none when the time of a heartbeat has passed.
func (k *poll) answer(w http.ResponseWriter, r *http.Request, cursor uint64) {
	s := k.conn.server
	k.conn.heard()
	response := http.NewResponseController(w)
	lines, upTo, err := k.next(r.Context(), cursor, time.Now().Add(s.limits.Ping), response)
	switch {
	case err == errStale:
		s.refusePost(w, http.StatusConflict, "the cursor is not that of the last answer, or a newer poll has taken the place of this one")
		return
	case err == errCarrierOver:
		s.unknownCarrier(w)
		return
	case err != nil:
		k.conn.abort() // the client has gone while it waited: nothing that it could have been told was under way
		return
	}
	head := protocol.Polled{Cursor: upTo}
	if cursor == 0 {
		head.Carrier = k.id
	}
	body := append(protocol.Encode(head), '\n')
	for _, line := range lines {
		body = append(append(body, oneLine(line)...), '\n')
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	k.wrote(response, upTo, write(w, response, http.StatusOK, body))
	k.conn.heard()
}

// wrote is the end of an answer.
func (k *poll) wrote(response *http.ResponseController, upTo uint64, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.writer == response {
		k.writer = nil
		_ = response.SetWriteDeadline(time.Time{}) // as for a stream
	}
	if err == nil {
		k.handed = max(k.handed, upTo)
		k.tell()
	}
}

// cutOff ends the answer that is being written. mu must be held.
func (k *poll) cutOff() {
	if k.writer != nil {
		_ = k.writer.SetWriteDeadline(time.Unix(1, 0))
		k.writer = nil
	}
}

// next takes an acknowledgement and waits for lines behind it, until by; then the response is the one that may write. ctx's error is
// returned only for the newest poll.
func (k *poll) next(ctx context.Context, cursor uint64, by time.Time, response *http.ResponseController) (lines [][]byte, upTo uint64, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.dead:
		return nil, 0, errCarrierOver
	case cursor < k.acked || cursor > k.given:
		return nil, 0, errStale
	}
	for ; k.acked < cursor; k.acked++ {
		k.bytes -= len(k.lines[0])
		k.lines[0] = nil // or the backing array would keep it
		k.lines = k.lines[1:]
	}
	k.poller++
	turn := k.poller
	k.tell()
	for k.ready <= cursor && err == nil {
		err = k.wait(ctx, by)
		switch {
		case k.dead:
			return nil, 0, errCarrierOver
		case turn != k.poller:
			return nil, 0, errStale
		case err != nil && ctx.Err() != nil:
			return nil, 0, err
		}
	}
	k.cutOff()
	k.writer = response
	_ = response.SetWriteDeadline(time.Now().Add(k.conn.server.limits.Write))
	k.given = max(k.given, k.ready)
	return slices.Clone(k.lines[:k.ready-k.acked]), k.ready, nil
}

// write keeps a line for the next answer, once there is room for it.
func (k *poll) write(frame []byte, by time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for !k.dead && len(k.lines) > 0 && k.bytes+len(frame) > k.max {
		k.release()
		if err := k.wait(context.Background(), by); err != nil {
			return err
		}
	}
	if k.dead {
		return errCarrierOver
	}
	k.lines = append(k.lines, frame)
	k.bytes += len(frame)
	return nil
}

// release lets the lines that there are be given out. mu must be held.
func (k *poll) release() {
	if end := k.acked + uint64(len(k.lines)); end > k.ready {
		k.ready = end
		k.tell()
	}
}

func (k *poll) flush(time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.release()
	return nil
}

// control writes a close, and waits until it has been handed out. The heartbeat of a poll is its answer.
func (k *poll) control(op op, code protocol.CloseCode, by time.Time) error {
	if op != opClose {
		return nil
	}
	if err := k.write(closeLine(code), by); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.release()
	for last := k.ready; k.handed < last && !k.dead; {
		if err := k.wait(context.Background(), by); err != nil {
			return err
		}
	}
	return nil
}

func (k *poll) abort() {
	k.mu.Lock()
	k.cutOff()
	k.mu.Unlock()
	k.end()
}
