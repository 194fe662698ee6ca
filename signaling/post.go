package signaling

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// servePost does what all requests of the carriers over HTTP have in common: who may ask from where, and what nobody on the way
// may do with the answers.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	h := w.Header()
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Origin")
	if !s.originAllowed(r) {
		s.logStranger(r)
		unread(w, r)
		s.refusePost(w, http.StatusForbidden, foreignOrigin)
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin) // no credentials: there are no cookies
	}
	switch r.Method {
	case http.MethodPost:
		serve(w, r)
	case http.MethodOptions: // the Fetch standard's preflight
		h.Set("Access-Control-Allow-Methods", http.MethodPost)
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Set("Access-Control-Max-Age", "7200")
		w.WriteHeader(http.StatusNoContent)
	default:
		h.Set("Allow", "POST, OPTIONS")
		unread(w, r)
		s.refusePost(w, http.StatusMethodNotAllowed, "this endpoint is posted to")
	}
}

// serveSend takes a body of frames.
func (s *Server) serveSend(w http.ResponseWriter, r *http.Request) {
	body, ok := s.readBody(w, r, s.limits.SendBytes, s.limits.Body)
	if !ok {
		return
	}
	head, frames, err := parseSend(body)
	switch {
	case err != nil:
		s.refusePost(w, http.StatusBadRequest, err.Error())
		return
	case len(frames) > s.limits.SendFrames:
		s.refusePost(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("%d frames; at most %d are allowed", len(frames), s.limits.SendFrames))
		return
	}
	k, ok := s.carrierOf(head.Carrier).(posted)
	if !ok {
		s.unknownCarrier(w)
		return
	}
	box := k.box()
	box.conn.heard()
	switch err := box.deliver(r.Context(), head.N, frames); err {
	case nil:
		w.Header().Set("Content-Type", "application/json")
		s.reply(w, http.StatusOK, append(protocol.Encode(protocol.Sent{N: head.N}), '\n'))
	case errStale:
		s.refusePost(w, http.StatusConflict, "n is not the next one, or a newer request has taken the place of this one")
	case errCarrierOver:
		s.unknownCarrier(w)
	}
}

// parseSend splits a body into its first line and its frames, which point into it. What they say is the connection's to judge. An
// error is for people.
func parseSend(body []byte) (head protocol.Send, frames [][]byte, err error) {
	first, rest, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	if head, err = protocol.DecodeLine[protocol.Send](first); err != nil {
		return head, nil, err
	}
	for line := range bytes.SplitSeq(rest, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			frames = append(frames, line)
		}
	}
	return head, frames, nil
}

// readHello reads the body that opens a stream: one line, which the connection will judge.
func (s *Server) readHello(w http.ResponseWriter, r *http.Request) (hello []byte, ok bool) {
	body, ok := s.readBody(w, r, s.limits.Frame+1, s.limits.Hello) // with a line break
	hello = bytes.TrimSpace(body)
	if ok && bytes.IndexByte(hello, '\n') >= 0 {
		s.refusePost(w, http.StatusBadRequest, "the body that opens a stream is one line, a hello; frames go to send")
		return nil, false
	}
	return hello, ok
}

// readBody reads a body of at most limit bytes within d, or answers why not. How many bodies an address may have under way is
// bounded, because what has come of one is held until the rest does.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, limit int, d time.Duration) (body []byte, ok bool) {
	key := addressKey(remoteAddr(r))
	s.mu.Lock()
	full := s.bodies[key] >= s.limits.PerAddress
	if !full {
		s.bodies[key]++
	}
	s.mu.Unlock()
	if full {
		unread(w, r)
		s.refusePost(w, http.StatusTooManyRequests, "too many requests from this address whose body has not come; wait")
		return nil, false
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.bodies[key]--; s.bodies[key] <= 0 {
			delete(s.bodies, key)
		}
	}()
	refuse := func(status int, reason string) ([]byte, bool) {
		if r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close") // or net/http would read on, for the next request to come behind the body
		}
		s.refusePost(w, status, reason)
		return nil, false
	}
	response := http.NewResponseController(w)
	_ = response.SetReadDeadline(time.Now().Add(d)) // not supported only where there is no network
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, "the body did not come in time")
	case err != nil:
		return refuse(http.StatusBadRequest, "the body broke off") // which hardly anybody hears
	case len(body) > limit:
		return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", limit))
	}
	// From here on it would count for what net/http reads to notice that the client has gone, and polls and streams take longer. So
	// they do than an http.Server's own WriteTimeout: what writes sets a deadline of its own.
	_ = response.SetReadDeadline(time.Time{})
	_ = response.SetWriteDeadline(time.Time{})
	return body, true
}

// carrierOf finds the carrier of that id; nil if there is none.
func (s *Server) carrierOf(id string) carrier {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.posted[id]; c != nil {
		return c.carrier
	}
	return nil
}

// unknownCarrier answers a request for a carrier that is not, or no longer. If that is because the server is ending, it says so.
func (s *Server) unknownCarrier(w http.ResponseWriter) {
	if s.closing.Load() {
		s.refusePost(w, http.StatusServiceUnavailable, goingAway)
		return
	}
	s.refusePost(w, http.StatusNotFound, "no such carrier, or no longer; connect again")
}

// refusePost answers a request with a status, and an error frame for machines.
func (s *Server) refusePost(w http.ResponseWriter, status int, reason string) {
	reply := protocol.ErrorReply{Code: codeOf(status), Message: reason}
	h := w.Header()
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
		reply.RetryAfter = retryAfter * 1000
	}
	h.Set("Content-Type", "application/json")
	s.count.refused[status].Add(1)
	s.count.refusal(reply.Code)
	s.reply(w, status, append(protocol.Encode(reply), '\n'))
}

func codeOf(status int) protocol.ErrorCode {
	switch status {
	case http.StatusForbidden:
		return protocol.CodeForbidden
	case http.StatusNotFound:
		return protocol.CodeUnknownCarrier
	case http.StatusRequestTimeout:
		return protocol.CodeBodyTooSlow
	case http.StatusConflict:
		return protocol.CodeStaleRequest
	case http.StatusRequestEntityTooLarge:
		return protocol.CodeBodyTooLarge
	case http.StatusTooManyRequests:
		return protocol.CodeRateLimited
	case http.StatusServiceUnavailable:
		return protocol.CodeGoingAway
	}
	return protocol.CodeBadRequest
}

// reply writes a whole answer within the time of a write.
func (s *Server) reply(w http.ResponseWriter, status int, body []byte) {
	response := http.NewResponseController(w)
	_ = response.SetWriteDeadline(time.Now().Add(s.limits.Write)) // not supported only where there is no network
	_ = write(w, response, status, body)                          // who does not get it asks again
	_ = response.SetWriteDeadline(time.Time{})                    // as for a stream
}

// write writes a whole answer, and tells whether it went out.
func write(w http.ResponseWriter, response *http.ResponseController, status int, body []byte) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := response.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
