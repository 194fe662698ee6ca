package peer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// met is a connected pair, as the side that offers and the other one see each other.
func (w *world) met() (offerer, answerer *peer.Peer) {
	w.t.Helper()
	a, b := w.pair(peer.Config{}, peer.Config{})
	if peer.Offers(a) {
		return a, b
	}
	return b, a
}

// What the two sides may say of a connection, row by row of the protocol's table, and what becomes of theirs.
func TestWhatIsSaidOfAConnection(t *testing.T) {
	const nothing, restarts, anew = "nothing", "restarts ICE", "makes a new connection"
	answer := &protocol.Description{Type: "answer", SDP: "v=0\r\n"}
	offer := func(sdp string) *protocol.Description { return &protocol.Description{Type: "offer", SDP: sdp} }
	candidate := json.RawMessage(`{"candidate":"candidate:7 1 udp 1 10.0.0.9 9 typ host","sdpMid":"0","sdpMLineIndex":0}`)
	for name, c := range map[string]struct {
		answers bool // it is said to the side that answers
		say     func(session string) protocol.SignalData
		want    string
	}{
		"want without a session": {false, func(string) protocol.SignalData { return protocol.SignalData{Want: true} }, anew},
		"want for this session":  {false, func(s string) protocol.SignalData { return protocol.SignalData{Want: true, Session: s} }, restarts},
		"want for a fresh one":   {false, func(s string) protocol.SignalData { return protocol.SignalData{Want: true, Session: s, Fresh: true} }, anew},
		"want for another":       {false, func(string) protocol.SignalData { return protocol.SignalData{Want: true, Session: "x"} }, nothing},
		"fresh one for another":  {false, func(string) protocol.SignalData { return protocol.SignalData{Want: true, Session: "x", Fresh: true} }, nothing},
		"want of the wrong side": {true, func(s string) protocol.SignalData { return protocol.SignalData{Want: true, Session: s, Fresh: true} }, nothing},
		"answer of another":      {false, func(string) protocol.SignalData { return protocol.SignalData{Description: answer, Session: "x"} }, nothing},
		"answer of none":         {false, func(string) protocol.SignalData { return protocol.SignalData{Description: answer} }, nothing},
		"candidate of another":   {false, func(string) protocol.SignalData { return protocol.SignalData{Candidate: candidate, Session: "x"} }, nothing},
		"early candidate":        {true, func(string) protocol.SignalData { return protocol.SignalData{Candidate: candidate, Session: "x"} }, nothing},
		"restart of another": {true, func(string) protocol.SignalData {
			return protocol.SignalData{Description: offer("x"), Session: "x", ICERestart: true}
		}, anew},
		"offer of no session": {true, func(string) protocol.SignalData { return protocol.SignalData{Description: offer("x")} }, nothing},
		"offer of a long session": {true, func(string) protocol.SignalData {
			return protocol.SignalData{Description: offer("x"), Session: strings.Repeat("x", 65)}
		}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				offerer, answerer := w.met()
				here, there := channel(t, offerer, answerer, nil)
				session, pcs, generation := peer.Session(offerer), fmt.Sprint(offerer.PeerConnection(), answerer.PeerConnection()), ufrag(t, offerer)
				to := offerer
				if c.answers {
					to = answerer
				}
				peer.Hear(to, c.say(session))
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if offerer.State() != peer.StateConnected || answerer.State() != peer.StateConnected {
					t.Fatalf("the peers are %q and %q", offerer.State(), answerer.State())
				}
				got := nothing
				switch {
				case peer.Session(offerer) != session && fmt.Sprint(offerer.PeerConnection(), answerer.PeerConnection()) != pcs:
					got = anew
					here, there = channel(t, offerer, answerer, nil)
				case ufrag(t, offerer) != generation:
					got = restarts
				}
				if got != c.want || peer.Session(offerer) != peer.Session(answerer) {
					t.Fatalf("the connection: %s, want: %s", got, c.want)
				}
				talk(t, here, there, "hello")
			})
		})
	}
}

// Who has given a connection up, because the other side seemed to have left, makes another for whoever still asks for that one.
func TestAWantForAConnectionThatIsForgotten(t *testing.T) {
	for name, want := range map[string]protocol.SignalData{
		"another path": {Want: true, Session: "forgotten"}, "a fresh one": {Want: true, Session: "forgotten", Fresh: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a := w.join(peer.Config{Topology: protocol.TopologyNone})
				b := w.join(peer.Config{})
				next(t, a, peer.EventJoined)
				offerer, answerer := a.Peer(b.ID()), b.Peer(a.ID())
				if !peer.Offers(offerer) {
					offerer, answerer = answerer, offerer
				}
				peer.Hear(offerer, want)
				reaches(t, offerer, peer.StateConnected)
				reaches(t, answerer, peer.StateConnected)
			})
		})
	}
}

// Wants that cross an offer ask for what is under way.
func TestWantsThatCrossAnOffer(t *testing.T) {
	for name, c := range map[string]struct{ first, second protocol.SignalData }{
		"new":     {protocol.SignalData{Want: true}, protocol.SignalData{Want: true}},
		"restart": {protocol.SignalData{Want: true, Session: "s"}, protocol.SignalData{Want: true, Session: "s"}},
		"fresh":   {protocol.SignalData{Want: true, Session: "s", Fresh: true}, protocol.SignalData{Want: true, Session: "s", Fresh: true}},
		"late":    {protocol.SignalData{Want: true, Session: "s", Fresh: true}, protocol.SignalData{Want: true, Session: "s"}},
		"both":    {protocol.SignalData{Want: true, Session: "s", Fresh: true}, protocol.SignalData{Want: true}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				offerer, answerer := w.met()
				session := peer.Session(offerer)
				for _, said := range []protocol.SignalData{c.first, c.second} {
					if said.Session != "" {
						said.Session = session
					}
					peer.Hear(offerer, said)
				}
				after := peer.Session(offerer)
				time.Sleep(10 * time.Second)
				if got := peer.Session(offerer); got != after || peer.Session(answerer) != after {
					t.Fatalf("the session is %q, then %q", after, got)
				}
				channel(t, offerer, answerer, nil)
			})
		})
	}
}

// An offer of another session is taken, whatever there was.
func TestAnOfferOfAnotherSession(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		_, answerer := w.met()
		sdp := answerer.PeerConnection().RemoteDescription().SDP
		before := answerer.PeerConnection()
		peer.Hear(answerer, protocol.SignalData{Description: &protocol.Description{Type: "offer", SDP: sdp}, Session: "x"})
		synctest.Wait()
		after := answerer.PeerConnection()
		if s := peer.Session(answerer); s != "x" || after == before || after.LocalDescription().Type != webrtc.SDPTypeAnswer {
			t.Fatalf("the session is %q, and is not answered with another connection", s)
		}
	})
}

// Somebody who offers one session after the other does not make this side hold, or make, one connection after the other.
func TestSessionsWithoutEnd(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		_, p := w.met()
		sdp := p.PeerConnection().RemoteDescription().SDP
		made := make(map[any]bool)
		for n := range 1000 {
			peer.Hear(p, protocol.SignalData{Description: &protocol.Description{Type: "offer", SDP: sdp}, Session: fmt.Sprint(n)})
			time.Sleep(10 * time.Millisecond)
			if pc := p.PeerConnection(); pc != nil {
				made[pc] = true
			}
			if all, pcs := peer.Connections(p); all > 4 || pcs > 3 {
				t.Fatalf("there are %d connections, with %d of Pion's", all, pcs)
			}
		}
		if len(made) > 4+2+1 { // at once, and in ten seconds
			t.Fatalf("%d connections have been made", len(made))
		}
		time.Sleep(time.Minute)
		if all, _ := peer.Connections(p); all > 1 {
			t.Fatalf("a minute later there are %d connections", all)
		}
	})
}

// Somebody who restarts without end is at some time not worth a connection, and one who asks for it is not heard each time.
func TestRestartsWithoutEnd(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		offerer, answerer := w.met()
		generations := make(map[string]bool)
		for range 200 {
			peer.Hear(offerer, protocol.SignalData{Want: true, Session: peer.Session(offerer)})
			time.Sleep(100 * time.Millisecond)
			generations[ufrag(t, offerer)] = true
		}
		if len(generations) > 1+8+10 {
			t.Fatalf("ICE was restarted %d times in twenty seconds", len(generations)-1)
		}
		sdp := answerer.PeerConnection().RemoteDescription().SDP
		peer.LoseWhileLeaving(peer.RoomOf(offerer)) // it would be the end for it, too, to get answers that it has not asked for
		for n := range 200 {
			changed := strings.ReplaceAll(sdp, "a=ice-ufrag:", fmt.Sprintf("a=ice-ufrag:%d", n))
			peer.Hear(answerer, protocol.SignalData{Description: &protocol.Description{Type: "offer", SDP: changed}, Session: peer.Session(answerer)})
			synctest.Wait()
		}
		ended(t, answerer.Context(), protocol.CodeOverflow)
	})
}
