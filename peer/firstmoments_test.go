package peer_test

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
)

// changeCipherSpec begins the record that stands before the Finished of either side of DTLS 1.2 (RFC 6347, section 4.1).
var changeCipherSpec = []byte{20, 0xfe, 0xfd}

// isDTLS tells it from what else goes over a way (RFC 7983, section 7).
func isDTLS(c vnet.Chunk) bool {
	data := c.UserData()
	return len(data) > 0 && data[0] >= 20 && data[0] <= 63
}

// half is a pair of which one side is connected, and the other one is not yet: the last flight of DTLS is held back.
type half struct {
	offerer, answerer *peer.Peer
	first, second     *peer.Peer // which of the two is connected, and which is not
	release           func()
}

// halfConnected brings two so far. answererFirst: the side that answers is connected first, because it is the server of DTLS.
func (w *world) halfConnected(answererFirst bool, handshakeTimeout time.Duration, config peer.Config) *half {
	w.t.Helper()
	config.SettingEngine = func(s *webrtc.SettingEngine) {
		if answererFirst {
			s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer)
		}
		s.SetDTLSConnectContextMaker(func() (context.Context, func()) {
			return context.WithTimeout(context.Background(), handshakeTimeout)
		})
	}
	var released atomic.Bool
	var client atomic.Value // who sends the first change of the cipher; the server answers it by its own
	w.drop.Store(new(func(c vnet.Chunk) bool {
		if released.Load() || !isDTLS(c) {
			return false
		}
		if bytes.Contains(c.UserData(), changeCipherSpec) {
			client.CompareAndSwap(nil, c.SourceAddr().String())
		}
		who := client.Load()
		return who != nil && who != c.SourceAddr().String()
	}))
	roomA, roomB := w.join(config), w.join(config)
	next(w.t, roomA, peer.EventJoined)
	a, b := roomA.Peer(roomB.ID()), roomB.Peer(roomA.ID())
	h := &half{offerer: a, answerer: b, release: func() { released.Store(true) }}
	if !peer.Offers(a) {
		h.offerer, h.answerer = b, a
	}
	h.first, h.second = h.offerer, h.answerer
	if answererFirst {
		h.first, h.second = h.answerer, h.offerer
	}
	reaches(w.t, h.first, peer.StateConnected)
	synctest.Wait()
	if h.second.State() != peer.StateConnecting {
		w.t.Fatalf("the second is %q: nothing is tested", h.second.State())
	}
	return h
}

// What ends in the first moments, when only one side is connected, is replaced like any other: whoever offers, whoever is connected
// first, wherever it ends.
func TestAConnectionThatEndsInItsFirstMoments(t *testing.T) {
	for name, end := range map[string]func(p *peer.Peer){
		"handshake": func(p *peer.Peer) { time.Sleep(time.Second) }, // which ends by itself, see halfConnected
		"whole":     func(p *peer.Peer) { p.PeerConnection().GracefulClose() },
		"sctp":      func(p *peer.Peer) { p.PeerConnection().SCTP().Stop() },
		"dtls":      func(p *peer.Peer) { p.PeerConnection().SCTP().Transport().Stop() },
		"ice":       func(p *peer.Peer) { p.PeerConnection().SCTP().Transport().ICETransport().Stop() },
	} {
		for _, answererFirst := range []bool{false, true} {
			for _, ofFirst := range []bool{false, true} {
				if ofFirst && name == "handshake" || !ofFirst && (name == "sctp" || name == "dtls") {
					continue // there is none to end yet, or no more
				}
				t.Run(fmt.Sprintf("%s,answererFirst=%v,ofFirst=%v", name, answererFirst, ofFirst), func(t *testing.T) {
					handshake := time.Minute
					if name == "handshake" {
						handshake = 500 * time.Millisecond
					}
					inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
						h := w.halfConnected(answererFirst, handshake, peer.Config{})
						began := time.Now()
						before := h.first.PeerConnection()
						if ofFirst {
							end(h.first)
						} else {
							end(h.second)
						}
						time.Sleep(10 * time.Millisecond)
						h.release()
						reaches(t, h.second, peer.StateConnected)
						reaches(t, h.first, peer.StateConnected)
						if took := time.Since(began); took > 25*time.Second {
							t.Errorf("connected after %v", took)
						}
						time.Sleep(time.Minute)
						here, there := channel(t, h.first, h.second, nil)
						talk(t, here, there, "hello")
						if name != "ice" && h.first.PeerConnection() == before {
							t.Error("it is the same connection")
						}
					})
				})
			}
		}
	}
}

// There is one deadline for all connections that follow each other until one of them is connected.
func TestOneDeadlineForAllConnections(t *testing.T) {
	for _, answers := range []bool{false, true} {
		t.Run(fmt.Sprint("answers=", answers), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				began := time.Now()
				h := w.halfConnected(false, time.Minute, peer.Config{ConnectTimeout: 30 * time.Second})
				p, q := h.offerer, h.answerer
				if answers {
					p, q = q, p
				}
				w.drop.Store(new(isDTLS)) // from now on none gets through
				for made := 0; p.Context().Err() == nil; made++ {
					if made > 20 {
						t.Fatal("one connection follows the other without end")
					}
					if pc := p.PeerConnection(); pc != nil {
						// The first has an association, whose end Pion waits for with a lock held when it cannot be said any more: the
						// bubble's clock would stand still for who asks about it meanwhile.
						pc.SCTP().Transport().Stop()
						if made > 0 {
							pc.GracefulClose()
						}
					}
					time.Sleep(4 * time.Second)
				}
				took := time.Since(began)
				ended(t, q.Context(), peer.Code(context.Cause(q.Context())))
				if took > 36*time.Second {
					t.Errorf("it ended after %v", took)
				}
			})
		})
	}
}

// Whoever ends for good before it is connected tells the other side, which does not wait for its own deadline.
func TestAnEndIsToldBeforeItIsConnected(t *testing.T) {
	for _, answers := range []bool{false, true} {
		t.Run(fmt.Sprint("answers=", answers), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				w.cut()
				roomA, roomB := w.join(peer.Config{}), w.join(peer.Config{})
				next(t, roomA, peer.EventJoined)
				time.Sleep(time.Second)
				p, q := roomA.Peer(roomB.ID()), roomB.Peer(roomA.ID())
				if peer.Offers(p) == answers {
					p, q = q, p
				}
				must(t, p.Close())
				closed := time.Now()
				ended(t, q.Context(), protocol.CodeConnectFailed)
				if took := time.Since(closed); took > time.Second {
					t.Errorf("the other side learnt it after %v", took)
				}
			})
		})
	}
}

// Who was away when it was told, and asks for a connection or offers one, is told again.
func TestAnEndIsToldAgain(t *testing.T) {
	for name, ask := range map[string]func(session string) protocol.SignalData{
		"want": func(session string) protocol.SignalData {
			return protocol.SignalData{Want: true, Session: session, Fresh: true}
		},
		"offer": func(string) protocol.SignalData {
			return protocol.SignalData{Description: &protocol.Description{Type: "offer"}, Session: "x"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				offerer, answerer := w.met()
				over, lives := offerer, answerer
				if name == "offer" {
					over, lives = answerer, offerer
				}
				session := peer.Session(lives)
				w.cut() // so that there is no goodbye
				peer.Hear(over, protocol.SignalData{Over: true, Session: session})
				ended(t, over.Context(), protocol.CodeConnectionLost)
				if lives.Context().Err() != nil {
					t.Fatal("nothing is tested")
				}
				peer.Hear(over, ask(session))
				if name == "offer" {
					synctest.Wait()
					if lives.Context().Err() != nil {
						t.Fatal("what is told of another session ends this one")
					}
					return
				}
				ended(t, lives.Context(), protocol.CodeConnectionLost)
			})
		})
	}
}
