package peer_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Close does not wait for what hangs, whatever it is.
func TestCloseOnTheLadder(t *testing.T) {
	for _, path := range []string{"ws", "stream", "poll"} {
		for name, way := range map[string]http.HandlerFunc{"hanging": hangs, "refused": answers(http.StatusForbidden)} {
			t.Run(path+" "+name, func(t *testing.T) {
				inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
					f := newFront(w)
					a := f.join(none)
					for _, blocked := range []string{"ws", "stream", "poll"} {
						f.on(blocked, answers(http.StatusForbidden))
					}
					f.on(path, way)
					f.cut()
					becomes(t, a, peer.RoomReconnecting)
					time.Sleep(3 * time.Second)
					start := time.Now()
					must(t, a.Close())
					if took := time.Since(start); took != 0 {
						t.Errorf("took %v", took)
					}
				})
			})
		}
	}
}

// The context of Join ends it in each phase of each carrier.
func TestJoinIsBoundedOnTheLadder(t *testing.T) {
	for _, kind := range carriers {
		t.Run(string(kind), func(t *testing.T) {
			inWorld(t, signaling.Config{
				Authorize: func(ctx context.Context, _ signaling.AuthRequest) (signaling.Grant, error) {
					<-ctx.Done()
					return signaling.Grant{}, ctx.Err()
				},
			}, func(t *testing.T, w *world) {
				f := newFront(w)
				for _, way := range []http.HandlerFunc{hangs, nil} {
					f.on(paths(kind), way)
					ctx, cancel := context.WithTimeout(context.Background(), time.Second)
					defer cancel()
					config := f.config(only(kind))
					_, err := peer.Join(ctx, "http://beckon.test", "tea", &config)
					wantCode(t, err, protocol.CodeAborted)
				}
			})
		})
	}
}

// A carrier that falls silent is given up.
func TestASilentCarrier(t *testing.T) {
	for _, kind := range carriers[1:] {
		t.Run(string(kind), func(t *testing.T) {
			inWorld(t, secret, func(t *testing.T, w *world) {
				y := newWay(w, secret)
				a := y.join(only(kind))
				y.blacken()
				must(t, a.Send(within(t), 1))
			})
		})
	}
}

// What has no end is not kept.
func TestAnEndlessLine(t *testing.T) {
	endless := func(w http.ResponseWriter, first string) {
		io.WriteString(w, first)
		for block := []byte(strings.Repeat("x", 1<<20)); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	for kind, way := range map[peer.Carrier]http.HandlerFunc{
		peer.CarrierStream: func(w http.ResponseWriter, _ *http.Request) { endless(w, `{"type":"opened","carrier":"c"}`+"\n") },
		peer.CarrierPoll: func(w http.ResponseWriter, _ *http.Request) {
			endless(w, `{"type":"polled","carrier":"c","cursor":1}`+"\n")
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				f := newFront(w)
				f.on(string(kind), way)
				config := f.config(only(kind))
				_, err := peer.Join(within(t), "http://beckon.test", "tea", &config)
				wantCode(t, err, protocol.CodeConnectFailed)
			})
		})
	}
}
