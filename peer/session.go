package peer

import (
	"context"
	"errors"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

const (
	writeTimeout = 10 * time.Second
	// maxIncoming is the largest frame that is read: a snapshot of a thousand members with the largest attributes fits.
	maxIncoming = 16 << 20
	// defaultSilence is the heartbeat timeout until a welcome says another.
	defaultSilence = 25 * time.Second
)

// session is one connection to a signaling server that has been welcomed: the reading, the writing and the heartbeat. What
// the frames mean is its owner's business.
type session struct {
	ws      *websocket.Conn
	welcome protocol.Welcome
	silence time.Duration // without a frame for that long the connection is dead
}

// greet says hello on a new WebSocket and waits for the welcome. It closes ws when it fails.
func greet(ws *websocket.Conn, instance, token string) (*session, error) {
	s := &session{ws: ws, silence: defaultSilence}
	ws.SetReadLimit(maxIncoming)
	// The server's WebSocket pings break the silence like any frame.
	ws.SetPingHandler(func(data string) error {
		s.heard()
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTimeout))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})
	err := s.send(protocol.Encode(protocol.Hello{
		ID:       1,
		Versions: []string{protocol.Version},
		Token:    token,
		Instance: instance,
		// Pion cannot roll back an offer (pion/webrtc#2133): saying so makes this side the one that offers to browsers.
		Capabilities: protocol.Capabilities{protocol.CapabilityRollback: false, capabilityAskToClose: true},
	}))
	if err == nil {
		err = s.await(protocol.TypeWelcome, func(frame []byte) (err error) {
			s.welcome, err = protocol.Decode[protocol.Welcome](frame)
			return err
		})
	}
	if err != nil {
		ws.Close()
		return nil, carrierError(err, protocol.CodeConnectFailed)
	}
	if t := s.welcome.Heartbeat.Timeout; t > 0 {
		s.silence = time.Duration(t) * time.Millisecond
	}
	return s, nil
}

// enter joins the room. Frames that come before the answer and are not about it are none that matter.
func (s *session) enter(join protocol.Join) (joined protocol.Joined, err error) {
	join.ID = 2
	if err = s.send(protocol.Encode(join)); err == nil {
		err = s.await(protocol.TypeJoined, func(frame []byte) (err error) {
			joined, err = protocol.Decode[protocol.Joined](frame)
			return err
		})
	}
	if err != nil {
		return joined, carrierError(err, protocol.CodeConnectFailed)
	}
	return joined, nil
}

// await reads until a frame of that type, or an error frame.
func (s *session) await(want protocol.Type, decode func(frame []byte) error) error {
	for {
		frame, err := s.receive()
		if err != nil {
			return err
		}
		env, err := protocol.Parse(frame)
		if err != nil {
			continue // of a later version
		}
		switch env.Type {
		case want:
			return decode(frame)
		case protocol.TypeError:
			reply, err := protocol.Decode[protocol.ErrorReply](frame)
			if err != nil {
				return err
			}
			return &protocol.Error{Code: reply.Code, Text: reply.Message}
		}
	}
}

// receive returns the next text frame. One goroutine at a time may call it.
func (s *session) receive() ([]byte, error) {
	s.heard()
	kind, frame, err := s.ws.ReadMessage()
	if err == nil && kind != websocket.TextMessage {
		return nil, protocol.Errorf(protocol.CodeBadFrame, "the server sent a binary frame")
	}
	return frame, err
}

func (s *session) heard() { s.ws.SetReadDeadline(time.Now().Add(s.silence)) }

// send writes one frame. One goroutine at a time may call it.
func (s *session) send(frame []byte) error {
	s.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
	return s.ws.WriteMessage(websocket.TextMessage, frame)
}

// write sends what next returns whenever wake says that there is something, and beat on every heartbeat, until ctx ends or
// the connection does. It keeps to the rate that the welcome allows: a frame beyond it would be dropped by the server, and
// with a signal the numbers of all after it would be lost. A heartbeat that is due goes before what next has.
func (s *session) write(ctx context.Context, wake <-chan struct{}, next func() []byte, beat func() []byte) error {
	interval := time.Duration(s.welcome.Heartbeat.Interval) * time.Millisecond
	if interval <= 0 {
		interval = s.silence / 2
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	pace := pacer(s.welcome.Limits)
	for {
		var frame []byte
		select {
		case <-ticker.C:
			frame = beat()
		default:
			frame = next()
		}
		if frame == nil {
			select {
			case <-wake:
				continue
			case <-ticker.C:
				frame = beat()
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err := pace.Wait(ctx); err != nil {
			return context.Cause(ctx)
		}
		if err := s.send(frame); err != nil {
			return err
		}
	}
}

// pacer stays a little below the server's own limit: the two clocks differ, and hello and join have been counted already.
func pacer(l protocol.Limits) *rate.Limiter {
	if l.Rate <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Limit(l.Rate)*0.95, max(1, l.Burst-8))
}
