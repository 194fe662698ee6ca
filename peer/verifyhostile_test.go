package peer_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// attacks are what a server can do to two who meet. All of them are noticed, whatever the mode.
var attacks = map[string]func(w *world) func(int, []byte) []byte{
	"other fingerprints": func(*world) func(int, []byte) []byte {
		return descriptions(func(_ int, data *protocol.SignalData) { data.Description.SDP = otherFingerprint(data.Description.SDP) })
	},
	"another fingerprint in the answer": func(*world) func(int, []byte) []byte {
		return descriptions(func(_ int, data *protocol.SignalData) {
			if data.Description.Type == "answer" {
				data.Description.SDP = otherFingerprint(data.Description.SDP)
			}
		})
	},
	"a second fingerprint": func(*world) func(int, []byte) []byte {
		return descriptions(func(_ int, data *protocol.SignalData) {
			data.Description.SDP += otherFingerprint("a=fingerprint:\r\n")
		})
	},
	"in between": func(w *world) func(int, []byte) []byte { return newEavesdropper(w).change() },
	"no proofs": func(*world) func(int, []byte) []byte {
		return descriptions(func(_ int, data *protocol.SignalData) { data.Proof = nil })
	},
	"no keys": func(*world) func(int, []byte) []byte {
		return members(func(m *protocol.Member) { m.Key, m.Nonce, m.Attestation = "", "", "" })
	},
	"other keys": func(*world) func(int, []byte) []byte {
		key := identity.NewKey().Public().String()
		return members(func(m *protocol.Member) { m.Key = key })
	},
	"other nonces": func(*world) func(int, []byte) []byte {
		nonce := identity.NewNonce().String()
		return members(func(m *protocol.Member) { m.Nonce = nonce })
	},
	"another end of the proof": func(*world) func(int, []byte) []byte {
		return signals(func(_ int, data *protocol.SignalData) {
			if data.Proof != nil {
				data.Proof.NotAfter++
			}
		})
	},
	"proofs sent back": func(*world) func(int, []byte) []byte {
		var mu sync.Mutex
		var offer protocol.SignalData
		return descriptions(func(_ int, data *protocol.SignalData) {
			mu.Lock()
			defer mu.Unlock()
			if data.Description.Type == "offer" {
				offer = *data
				return
			}
			data.Proof = offer.Proof
			data.Description.SDP = withFingerprintOf(offer.Description.SDP, data.Description.SDP)
		})
	},
	"cut signatures": func(*world) func(int, []byte) []byte {
		return descriptions(func(_ int, data *protocol.SignalData) { data.Proof.Signature = data.Proof.Signature[:80] })
	},
}

func TestAHostileServerIsNoticed(t *testing.T) {
	t.Parallel()
	for attack, change := range attacks {
		t.Run(attack, func(t *testing.T) {
			inModes(t, func(t *testing.T, w *world, _ string, ada, bob peer.Config) {
				m, f := newMiddle(w)
				m.set(change(w))
				rooms := [2]*peer.Room{f.join(ada), f.join(bob)}
				refusedBoth(t, rooms)
				neverConnected(t, rooms)
			})
		})
	}
}

// A server that shows its own keys, and signs with them, is as good as any peer that has a key: to notice it one must know something of the
// other. Who does not is told by the safety number.
func TestAServerWithKeysOfItsOwn(t *testing.T) {
	inModes(t, func(t *testing.T, w *world, mode string, ada, bob peer.Config) {
		m, f := newMiddle(w)
		e := newEavesdropper(w)
		e.key = identity.NewKey()
		m.set(e.change())
		if mode != "any key" {
			rooms := [2]*peer.Room{f.join(ada), f.join(bob)}
			refusedBoth(t, rooms)
			neverConnected(t, rooms)
			return
		}
		a, b := f.pair(ada, bob)
		if !a.Verified() || !b.Verified() || a.SafetyNumber() == b.SafetyNumber() {
			t.Errorf("%q and %q", a.SafetyNumber(), b.SafetyNumber())
		}
	})
}

// What an honest meeting has said is worth nothing in the next.
func TestOldProofsAreWorthNothing(t *testing.T) {
	inModes(t, func(t *testing.T, w *world, _ string, ada, bob peer.Config) {
		m, f := newMiddle(w)
		var mu sync.Mutex
		old := make(map[string]protocol.SignalData)
		m.set(descriptions(func(_ int, data *protocol.SignalData) {
			mu.Lock()
			defer mu.Unlock()
			old[data.Description.Type] = *data
		}))
		a, b := f.pair(ada, bob)
		must(t, peer.RoomOf(a).Close())
		must(t, peer.RoomOf(b).Close())
		m.set(descriptions(func(_ int, data *protocol.SignalData) {
			mu.Lock()
			defer mu.Unlock()
			before := old[data.Description.Type]
			data.Proof, data.Description = before.Proof, before.Description
		}))
		rooms := [2]*peer.Room{f.join(ada), f.join(bob)}
		refusedBoth(t, rooms)
		neverConnected(t, rooms)
	})
}

// A server that begins its attack when the peers are connected, and look for another way or make another connection.
func TestAServerThatTurnsHostileLater(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world) func(int, []byte) []byte{
		"in a restart":                attacks["other fingerprints"],
		"without proofs in a restart": attacks["no proofs"],
		"with the next connection": func(w *world) func(int, []byte) []byte {
			e := newEavesdropper(w)
			renewed := make(map[string]bool)
			return signals(func(to int, data *protocol.SignalData) {
				// Restarts pass as they are, until there is a session that begins anew.
				if d := data.Description; d != nil && d.Type == "offer" && !data.ICERestart {
					renewed[data.Session] = true
				}
				if renewed[data.Session] {
					e.signal(to, data)
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inModes(t, func(t *testing.T, w *world, _ string, ada, bob peer.Config) {
				m, f := newMiddle(w)
				a, b := f.pair(ada, bob)
				m.set(change(w))
				w.cut()
				refusedBoth(t, [2]*peer.Room{peer.RoomOf(a), peer.RoomOf(b)})
			})
		})
	}
}

// Not even an application that has Pion take any certificate is connected to one that was not signed. In real time: an association ends here in
// the moment in which it begins, and Pion then waits under a mutex, for which the clock of a bubble would stand still.
func TestTheCertificateThatIsUsedCounts(t *testing.T) {
	t.Parallel()
	for mode, configs := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, named)
			t.Cleanup(w.close)
			ada, bob := configs(t)
			ada.Token, bob.Token = "ada", "bob"
			for _, c := range []*peer.Config{&ada, &bob} {
				c.Carriers = []peer.Carrier{peer.CarrierWebSocket}
				c.SettingEngine = func(s *webrtc.SettingEngine) { s.DisableCertificateFingerprintVerification(true) }
			}
			m, f := newMiddle(w)
			e := newEavesdropper(w)
			e.hides = true
			m.set(e.change())
			a, b := f.join(ada), f.join(bob)
			for r, other := range map[*peer.Room]*peer.Room{a: b, b: a} {
				p, err := r.Connect(within(t), other.ID())
				for peer.Code(err) == protocol.CodeUnknownPeer { // the event of its joining is on its way
					_, gone := r.Recv(within(t))
					must(t, gone)
					p, err = r.Connect(within(t), other.ID())
				}
				wantCode(t, err, protocol.CodePeerUnverified)
				if p != nil {
					t.Error("connected")
				}
				p = r.Peer(other.ID())
				why, _ := errors.AsType[*identity.Error](context.Cause(p.Context()))
				if p.Verified() || why.Reason != identity.OtherCertificate && why.Reason != identity.Refused {
					t.Errorf("verified %v; %v", p.Verified(), why)
				}
				_, err = p.Accept(within(t))
				wantCode(t, err, protocol.CodePeerUnverified)
			}
		})
	}
}

// Whoever asks for nothing is read by a server that puts itself in between. That is what the tests above would not notice if the peers
// were not verified.
func TestAServerInTheMiddleHearsAllOfWhoAsksForNothing(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		m, f := newMiddle(w)
		e := newEavesdropper(w)
		m.set(e.change())
		websocket := peer.Config{Carriers: []peer.Carrier{peer.CarrierWebSocket}}
		a, b := f.pair(websocket, websocket)
		here, there := channel(t, a, b, nil)
		must(t, here.SendText(within(t), "a secret between us"))
		got, _, err := there.Recv(within(t))
		must(t, err)
		if string(got) != "a secret between us" || !e.knows("a secret between us") {
			t.Errorf("%q came; overheard: %v", got, e.knows("a secret between us"))
		}
		if a.Verified() || b.Verified() || a.SafetyNumber() != "" {
			t.Error("verified")
		}
	})
}
