package peer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

var carriers = []peer.Carrier{peer.CarrierWebSocket, peer.CarrierStream, peer.CarrierPoll}

// only is none, over one carrier alone.
func only(kind peer.Carrier) peer.Config {
	return peer.Config{Topology: protocol.TopologyNone, Carriers: []peer.Carrier{kind}}
}

// heard returns the next so many things that others said to a room or its peer.
func heard(t *testing.T, r *peer.Room, n int) (data []string) {
	t.Helper()
	for len(data) < n {
		e, err := r.Recv(within(t))
		must(t, err)
		if e.Data != nil {
			data = append(data, string(e.Data))
		}
	}
	return data
}

// Peers meet over any carrier, whatever the other's is, and the token stands in no URL and no header.
func TestEveryCarrier(t *testing.T) {
	for i, kind := range carriers {
		t.Run(string(kind), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				f := newFront(w)
				mine, other := only(kind), only(carriers[(i+1)%3])
				mine.Topology, other.Topology = "", ""
				mine.Token = "a secret token"
				a, b := f.join(mine), f.join(other)
				if a.Carrier() != kind || b.Carrier() != other.Carriers[0] {
					t.Fatalf("came over %q and %q", a.Carrier(), b.Carrier())
				}
				ofB, err := a.Accept(within(t))
				must(t, err)
				ofA, err := b.Accept(within(t))
				must(t, err)
				channel(t, ofA, ofB, nil)
				large := strings.Repeat("x", 60<<10)
				for n := range 100 {
					must(t, a.Send(within(t), n))
				}
				must(t, ofB.Signal(within(t), large))
				for n, said := range heard(t, b, 101) {
					if want := fmt.Sprint(n); n < 100 && said != want || n == 100 && len(said) != len(large)+2 {
						t.Fatalf("heard %.20s, want %s", said, want)
					}
				}
				must(t, ofA.Signal(within(t), large))
				heard(t, a, 1)
				time.Sleep(5 * time.Minute) // of heartbeats
				if a.State() != peer.RoomJoined || f.took() != paths(kind)+" "+paths(other.Carriers[0]) {
					t.Errorf("the room is %q", a.State())
				}
				must(t, a.Close())
				for {
					if e, err := b.Recv(within(t)); err != nil {
						t.Fatal(err)
					} else if e.Kind == peer.EventLeft {
						if e.Reason != protocol.LeftBye {
							t.Errorf("left for %q", e.Reason)
						}
						break
					}
				}
				f.mu.Lock()
				defer f.mu.Unlock()
				for _, line := range f.heads {
					if strings.Contains(line, "secret") {
						t.Errorf("told everybody on the way: %s", line)
					}
				}
			})
		})
	}
}

func paths(kind peer.Carrier) string {
	if kind == peer.CarrierWebSocket {
		return "ws"
	}
	return string(kind)
}

// What stands between and does not let a WebSocket through is gone around.
func TestABlockedWebSocket(t *testing.T) {
	for name, c := range map[string]struct {
		way   http.HandlerFunc
		tried string
	}{
		"refused":                        {answers(http.StatusForbidden), "ws stream"},
		"no gateway":                     {answers(http.StatusBadGateway), "ws stream"},
		"a page":                         {answers(http.StatusOK), "ws stream"},
		"no upgrade comes to the server": {says(http.StatusUpgradeRequired, "beckon: this is a WebSocket endpoint"), "ws stream"},
		"nor the subprotocol":            {says(http.StatusBadRequest, "beckon: the WebSocket subprotocol is needed"), "ws stream"},
		"hanging":                        {hangs, "ws stream"},
		"slammed":                        {slams, "ws stream"},
		"dying":                          {opensAnd(func(ws *websocket.Conn) { ws.ReadMessage() }), "ws ws stream"},
		"swallowed":                      {opensAnd(drain), "ws stream"},
		"a stranger's close": {opensAnd(func(ws *websocket.Conn) {
			ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseInternalServerErr, ""), time.Now().Add(time.Second))
			drain(ws)
		}), "ws ws stream"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				f := newFront(w)
				f.on("ws", c.way)
				a := f.join(none)
				if tried := f.took(); tried != c.tried || a.Carrier() != peer.CarrierStream {
					t.Fatalf("tried %q, and came over %q", tried, a.Carrier())
				}
				must(t, a.Send(within(t), 1))
			})
		})
	}
}

// A stream that is held back is left for polls: before anything was heard, or when it brought us into the room and then fell silent.
func TestABufferedStream(t *testing.T) {
	for _, flushes := range []int{0, 1, 2, 3} {
		t.Run(fmt.Sprint(flushes), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				f := newFront(w)
				f.on("ws", answers(http.StatusForbidden))
				f.on("stream", f.holdsBack(flushes))
				a, b := f.join(none), w.join(none)
				id := a.ID()
				go func() { must(t, b.Peer(id).Signal(within(t), "through")) }()
				if got := heard(t, a, 1); got[0] != `"through"` {
					t.Fatal(got)
				}
				time.Sleep(time.Minute)
				if tried := f.took(); tried != "ws stream poll" || a.Carrier() != peer.CarrierPoll || a.ID() != id {
					t.Errorf("tried %q, and came over %q", tried, a.Carrier())
				}
			})
		})
	}
}

// When nothing gets through, the error says what was tried, why each failed, and what to do.
func TestNothingGetsThrough(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		f := newFront(w)
		f.on("ws", hangs)
		f.on("stream", answers(http.StatusBadGateway))
		f.on("poll", answers(http.StatusOK))
		config := f.config(none)
		_, err := peer.Join(within(t), "http://beckon.test", "tea", &config)
		wantCode(t, err, protocol.CodeConnectFailed)
		for _, part := range []string{"websocket: it did not open within 4s", "stream: ", "502", "poll: ", "not as a Beckon server", "https"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v does not say %q", err, part)
			}
		}
		if tried := f.took(); tried != "ws stream poll" {
			t.Errorf("tried %q", tried)
		}
	})
}

// What the server itself says is no reason to try another carrier: it would say it again.
func TestNamedRefusals(t *testing.T) {
	for i, kind := range carriers {
		t.Run(string(kind), func(t *testing.T) {
			inWorld(t, signaling.Config{
				Limits: signaling.Limits{PerAddress: 1},
				Authorize: func(_ context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
					if req.Token == "bad" {
						return signaling.Grant{}, errors.New("no")
					}
					return signaling.Grant{Rooms: []string{"tea"}}, nil
				},
			}, func(t *testing.T, w *world) {
				f := newFront(w)
				config := f.config(peer.Config{Carriers: carriers[i:]})
				refused := func(room string, code protocol.ErrorCode) {
					t.Helper()
					_, err := peer.Join(within(t), "http://beckon.test", room, &config)
					wantCode(t, err, code)
					if tried := f.took(); tried != paths(kind) {
						t.Errorf("%s: tried %q", code, tried)
					}
					time.Sleep(time.Minute) // until the connection is not counted any more
				}
				config.Token = "bad"
				refused("tea", protocol.CodeUnauthorized)
				config.Token = ""
				refused("coffee", protocol.CodeForbidden)
				w.join(peer.Config{Carriers: config.Carriers[:1]})
				refused("tea", protocol.CodeRateLimited)
			})
		})
	}
}

// The carrier that worked is taken again, alone. When it works no more, when a long time has passed, and when the machine is
// in another network, the ladder is climbed from its top.
func TestTheWinnerIsRemembered(t *testing.T) {
	inWorld(t, signaling.Config{Limits: signaling.Limits{Grace: time.Hour}}, func(t *testing.T, w *world) {
		f := newFront(w)
		f.on("ws", answers(http.StatusForbidden))
		a := f.join(none)
		peer.SetAddresses(a, "192.0.2.1")
		again := func(tried string, over peer.Carrier) {
			t.Helper()
			time.Sleep(time.Second) // a poll is answered each quarter of a minute
			synctest.Wait()
			f.took()
			f.fail(a)
			becomes(t, a, peer.RoomJoined)
			if got := f.took(); got != tried || a.Carrier() != over {
				t.Fatalf("tried %q, and came over %q; want %q and %q", got, a.Carrier(), tried, over)
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Minute)
		again("ws stream", peer.CarrierStream) // the Join was in another network, as it were
		again("stream", peer.CarrierStream)
		again("stream", peer.CarrierStream)
		f.on("stream", answers(http.StatusForbidden))
		again("stream ws stream poll", peer.CarrierPoll)
		f.on("stream", nil)
		again("poll", peer.CarrierPoll)
		time.Sleep(time.Hour)
		again("ws stream", peer.CarrierStream)
		again("stream", peer.CarrierStream)
		f.on("ws", nil)
		peer.SetAddresses(a, "192.0.2.2")
		again("ws", peer.CarrierWebSocket)
		again("ws", peer.CarrierWebSocket)
	})
}

// A carrier that leads into the room and dies twice within seconds is left; one that dies now and then is not.
func TestACarrierThatDies(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		f := newFront(w)
		a := f.join(none)
		die := func(after time.Duration, over peer.Carrier) {
			t.Helper()
			time.Sleep(after)
			f.cut()
			becomes(t, a, peer.RoomReconnecting)
			becomes(t, a, peer.RoomJoined)
			if a.Carrier() != over {
				t.Fatalf("came over %q, want %q", a.Carrier(), over)
			}
		}
		die(time.Minute, peer.CarrierWebSocket)
		die(time.Minute, peer.CarrierWebSocket)
		die(2*time.Second, peer.CarrierWebSocket)
		die(2*time.Second, peer.CarrierStream)
		die(time.Minute, peer.CarrierStream)
	})
}

// Carriers are blocked and cut in turn with messages in flight, and answers lost: each message arrives once and in order.
func TestChangingCarriersLosesNothing(t *testing.T) {
	limits := signaling.Limits{
		SendFrames: 5,           // bodies have to be parted, too
		Grace:      time.Minute, // a carrier after the other may hang
	}
	inWorld(t, signaling.Config{Limits: limits}, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		f := newFront(w)
		f.on("send", f.loses(5))
		f.on("poll", f.loses(7))
		var all []*talker
		var listening sync.WaitGroup
		ctx, stop := context.WithCancel(context.Background())
		for range 3 {
			k := newTalker(t, f.join(none))
			all = append(all, k)
			listening.Go(func() { k.listen(ctx) })
		}
		synctest.Wait()
		taken := map[peer.Carrier]int{}
		for round := range 40 {
			if round%3 == 2 {
				open := round / 3 % 3 // one gets through
				for i, path := range []string{"ws", "stream", "poll"} {
					switch {
					case i != open:
						f.on(path, []http.HandlerFunc{answers(502), slams, hangs}[rng.IntN(3)])
					case path == "poll":
						f.on(path, f.loses(7))
					default:
						f.on(path, nil)
					}
				}
				f.cut()
			}
			for range 4 {
				for _, k := range all {
					k.talk()
				}
				time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
			}
			time.Sleep(time.Duration(rng.IntN(10)) * time.Second)
			for _, k := range all {
				taken[k.room.Carrier()]++
			}
		}
		f.on("poll", nil)
		time.Sleep(5 * time.Minute)
		stop()
		listening.Wait()
		for _, k := range all {
			k.settled(t)
			for _, by := range all {
				if by != k {
					k.check(by)
				}
			}
		}
		t.Logf("seen over: %v", taken)
		for _, kind := range carriers {
			if taken[kind] == 0 {
				t.Errorf("nobody came over %q", kind)
			}
		}
	})
}

// Names of carriers that there are not, and lists that make no sense, are refused before anything is sent.
func TestCarriersAreChecked(t *testing.T) {
	t.Parallel()
	for _, list := range [][]peer.Carrier{{"pigeon"}, {peer.CarrierPoll, peer.CarrierPoll}} {
		_, err := peer.Join(context.Background(), "http://beckon.test", "tea", &peer.Config{Carriers: list})
		wantCode(t, err, protocol.CodeBadFrame)
	}
	if raw, _ := json.Marshal(carriers); string(raw) != `["websocket","stream","poll"]` {
		t.Errorf("the browser's names are others: %s", raw)
	}
}
