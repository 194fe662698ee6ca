package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"
)

// VNet guards the counter of MAC addresses that vnet keeps in a global variable without a lock.
var VNet sync.Mutex

// two are both ends of a connection without a room: what one says, a test hands to the other, or what it makes of it. asks
// tells whether each believes that the other wants to be asked to close a channel.
type two struct {
	offerer, answerer *connection
	// said is what each has said and the other has not heard.
	toAnswerer, toOfferer chan protocol.SignalData
}

func newTwo(t *testing.T, asks bool) *two {
	VNet.Lock()
	defer VNet.Unlock()
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.1.0.0/16", MinDelay: time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	w := &two{toAnswerer: make(chan protocol.SignalData, 64), toOfferer: make(chan protocol.SignalData, 64)}
	make1 := func(ip string, offers bool, said chan protocol.SignalData) *connection {
		host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
		if err == nil {
			err = router.AddNet(host)
		}
		if err != nil {
			t.Fatal(err)
		}
		f := newFactory(&Config{DisableMDNS: true, SettingEngine: func(s *webrtc.SettingEngine) { s.SetNet(host) }})
		ctx, end := context.WithCancelCause(context.Background())
		c := newConnection(ctx, end, f, offers, 20*time.Second)
		m := newMeeting(newJunction(defaultMessageSize, zerolog.Nop()))
		c.junction, c.turns = m.junction, m.turns
		c.reachable = func() bool { return true }
		c.moved = func(State) {}
		c.asks = asks
		c.say = func(d protocol.SignalData) { said <- d }
		t.Cleanup(func() { c.close(ctx, errors.New("the test is over")) })
		return c
	}
	t.Cleanup(func() { router.Stop() })
	w.offerer = make1("10.1.0.1", true, w.toAnswerer)
	w.answerer = make1("10.1.0.2", false, w.toOfferer)
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	go w.offerer.run(func() {})
	go w.answerer.run(func() {})
	return w
}

// gathered are the description and the candidates that one has said, up to the null after the last.
func gathered(said chan protocol.SignalData) (description protocol.SignalData, candidates []protocol.SignalData) {
	for d := range said {
		switch {
		case d.Description != nil:
			description = d
		case string(d.Candidate) == "null":
			return description, append(candidates, d)
		default:
			candidates = append(candidates, d)
		}
	}
	return
}

// exchange hands on all that both say, and returns when they are connected.
func (w *two) exchange(t *testing.T) {
	t.Helper()
	for _, way := range []struct {
		from chan protocol.SignalData
		to   *connection
	}{{w.toAnswerer, w.answerer}, {w.toOfferer, w.offerer}} {
		description, candidates := gathered(way.from)
		way.to.hear(description)
		for _, c := range candidates {
			way.to.hear(c)
		}
	}
	w.connect(t)
}

func (w *two) connect(t *testing.T) {
	t.Helper()
	for _, c := range []*connection{w.offerer, w.answerer} {
		select {
		case <-c.connected:
		case <-c.ctx.Done():
			t.Fatal(context.Cause(c.ctx))
		}
	}
}

// remoteCandidates are those that Pion knows of the other side, by their ports.
func remoteCandidates(c *connection) map[int32]bool {
	ports := make(map[int32]bool)
	for _, s := range c.pc.GetStats() {
		if s, ok := s.(webrtc.ICECandidateStats); ok && s.Type == webrtc.StatsTypeRemoteCandidate {
			ports[s.Port] = true
		}
	}
	return ports
}

// Candidates that come before the description that they belong to are kept, on both sides.
func TestCandidatesBeforeTheDescription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t, true)
		for _, way := range []struct {
			from chan protocol.SignalData
			to   *connection
		}{{w.toAnswerer, w.answerer}, {w.toOfferer, w.offerer}} {
			description, candidates := gathered(way.from)
			for _, c := range candidates {
				way.to.hear(c)
			}
			synctest.Wait()
			way.to.hear(description)
			synctest.Wait()
			if n := len(remoteCandidates(way.to)); n != len(candidates)-1 {
				t.Fatalf("%d candidates of %d are known", n, len(candidates)-1)
			}
		}
		w.connect(t)
	})
}

// Firefox offers candidates of a second component, in its signals and in its descriptions; and somebody might offer too many.
func TestCandidatesThatAreLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t, true)
		line := func(component, port int) string {
			return fmt.Sprintf("candidate:7 %d udp 2130706431 10.1.0.9 %d typ host", component, port)
		}
		trickle := func(component, port int) {
			raw, err := json.Marshal(webrtc.ICECandidateInit{Candidate: line(component, port), SDPMid: new("0")})
			if err != nil {
				t.Fatal(err)
			}
			w.answerer.hear(protocol.SignalData{Candidate: raw})
			synctest.Wait()
		}
		offer, candidates := gathered(w.toAnswerer)
		offer.Description.SDP += "a=" + line(1, 4001) + "\r\na=" + line(2, 4002) + "\r\n"
		w.answerer.hear(offer)
		synctest.Wait()
		for _, c := range candidates {
			w.answerer.hear(c)
		}
		trickle(1, 4003)
		trickle(2, 4004)
		w.answerer.hear(protocol.SignalData{Candidate: json.RawMessage(`{"candidate":"` + line(1, 4005) + `","sdpMid":"0","usernameFragment":"of before a restart"}`)})
		synctest.Wait()
		known := remoteCandidates(w.answerer)
		if !known[4001] || known[4002] || !known[4003] || known[4004] || known[4005] {
			t.Fatalf("the candidates have the ports %v", known)
		}
		for port := range 2 * maxCandidates {
			trickle(1, 5000+port)
		}
		if n := len(remoteCandidates(w.answerer)); n > maxCandidates {
			t.Fatalf("%d candidates are known", n)
		}
		answer, candidates := gathered(w.toOfferer)
		w.offerer.hear(answer)
		for _, c := range candidates {
			w.offerer.hear(c)
		}
		w.connect(t)
	})
}

// What is wrong ends the one connection, with a code; before it is a description, it is not even that.
func TestWhatIsNotASignal(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]protocol.SignalData{
		"no sdp":      {Description: &protocol.Description{Type: "offer", SDP: "nonsense"}},
		"no data":     {Description: &protocol.Description{Type: "offer", SDP: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"}},
		"wrong turn":  {Description: &protocol.Description{Type: "answer", SDP: "v=0\r\n"}},
		"no type":     {Description: &protocol.Description{Type: "x", SDP: "v=0\r\n"}},
		"a candidate": {Candidate: json.RawMessage(`"x"`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newTwo(t, true)
				gathered(w.toAnswerer)
				w.answerer.hear(said)
				<-w.answerer.ctx.Done()
				if code := Code(context.Cause(w.answerer.ctx)); code != protocol.CodeConnectFailed && code != protocol.CodeBadFrame {
					t.Fatalf("it ended with %v", context.Cause(w.answerer.ctx))
				}
			})
		})
	}
}

// multicast counts the sockets for multicast DNS, and makes none.
type multicast struct {
	transport.Net
	asked *atomic.Int32
}

func (m multicast) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	if local != nil && (local.Port == 5353 || local.IP.IsMulticast()) {
		m.asked.Add(1)
		return nil, errors.New("no multicast here")
	}
	return m.Net.ListenUDP(network, local)
}

// The names of browsers are looked up but for where nobody will come by such a name, and no name of our own is made.
func TestMDNS(t *testing.T) {
	t.Parallel()
	for _, disabled := range []bool{false, true} {
		var asked atomic.Int32
		f := newFactory(&Config{DisableMDNS: disabled, SettingEngine: func(s *webrtc.SettingEngine) {
			VNet.Lock()
			defer VNet.Unlock()
			host, err := vnet.NewNet(&vnet.NetConfig{})
			if err != nil {
				t.Fatal(err)
			}
			s.SetNet(multicast{host, &asked})
		}})
		pc, err := f.connection(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = pc.CreateDataChannel("x", nil); err != nil {
			t.Fatal(err)
		}
		offer, err := pc.CreateOffer(nil)
		if err == nil {
			err = pc.SetLocalDescription(offer)
		}
		if err != nil {
			t.Fatal(err)
		}
		<-webrtc.GatheringCompletePromise(pc)
		if looksUp := asked.Load() > 0; looksUp == disabled {
			t.Errorf("disabled %v: %d sockets", disabled, asked.Load())
		}
		if strings.Contains(pc.LocalDescription().SDP, ".local") {
			t.Error("it hides behind a name")
		}
		if err := pc.GracefulClose(); err != nil {
			t.Error(err)
		}
	}
}

// What a peer says without end ends its connection, whether it can be followed or not.
func TestSignalsWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		candidate := protocol.SignalData{Candidate: json.RawMessage(`{"candidate":"candidate:7 1 udp 1 10.1.0.9 9 typ host"}`)}
		ctx, end := context.WithCancelCause(context.Background())
		idle := newConnection(ctx, end, nil, false, time.Minute) // one whose run does not come to follow
		for range maxSignals + 1 {
			idle.hear(candidate)
		}
		if Code(context.Cause(ctx)) != protocol.CodeOverflow {
			t.Errorf("all are queued: %v", context.Cause(ctx))
		}
		w := newTwo(t, true)
		gathered(w.toAnswerer)
		for range maxCandidates + 1 {
			w.answerer.hear(candidate)
			synctest.Wait()
		}
		if Code(context.Cause(w.answerer.ctx)) != protocol.CodeConnectFailed {
			t.Errorf("all are kept: %v", context.Cause(w.answerer.ctx))
		}
	})
}
