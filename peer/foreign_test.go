package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"
)

// foreigner is a peer that is no Beckon SDK: Pion as it is, which knows of Beckon that there is a channel 0.
type foreigner struct {
	pc      *webrtc.PeerConnection
	offered chan *webrtc.DataChannel
}

// newForeigner connects a connection of this package with a foreigner.
func newForeigner(t *testing.T) (*connection, *foreigner) {
	VNet.Lock()
	defer VNet.Unlock()
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.2.0.0/16", MinDelay: time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	var hosts []*vnet.Net
	for _, ip := range []string{"10.2.0.1", "10.2.0.2"} {
		host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
		if err == nil {
			err = router.AddNet(host)
		}
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, host)
	}
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { router.Stop() })

	var s webrtc.SettingEngine
	s.SetNet(hosts[1])
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.GracefulClose() })
	other := &foreigner{pc, make(chan *webrtc.DataChannel, 64)}
	if _, err := pc.CreateDataChannel(controlLabel, &webrtc.DataChannelInit{Negotiated: new(true), ID: new(uint16(0))}); err != nil {
		t.Fatal(err)
	}
	pc.OnDataChannel(func(dc *webrtc.DataChannel) { other.offered <- dc })

	f := newFactory(&Config{DisableMDNS: true, SettingEngine: func(s *webrtc.SettingEngine) { s.SetNet(hosts[0]) }})
	ctx, end := context.WithCancelCause(context.Background())
	c := newConnection(ctx, end, f, true, 20*time.Second)
	m := newMeeting(newJunction(defaultMessageSize, zerolog.Nop()))
	c.junction, c.turns = m.junction, m.turns
	c.reachable = func() bool { return true }
	c.moved = func(State) {}
	said := make(chan protocol.SignalData, 64)
	c.say = func(d protocol.SignalData) { said <- d }
	t.Cleanup(func() { c.close(ctx, errors.New("the test is over")) })
	go c.run(func() {})
	offer, candidates := gathered(said)
	answer, err := other.answer(offer, candidates)
	if err != nil {
		t.Fatal(err)
	}
	c.hear(protocol.SignalData{Description: answer})
	select {
	case <-c.connected:
	case <-c.ctx.Done():
		t.Fatal(context.Cause(c.ctx))
	}
	return c, other
}

// answer returns the foreigner's answer, with its candidates in it.
func (f *foreigner) answer(offer protocol.SignalData, candidates []protocol.SignalData) (*protocol.Description, error) {
	if err := f.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.Description.SDP}); err != nil {
		return nil, err
	}
	for _, said := range candidates {
		var candidate webrtc.ICECandidateInit
		if json.Unmarshal(said.Candidate, &candidate) == nil && candidate.Candidate != "" {
			if err := f.pc.AddICECandidate(candidate); err != nil {
				return nil, err
			}
		}
	}
	answer, err := f.pc.CreateAnswer(nil)
	if err != nil {
		return nil, err
	}
	all := webrtc.GatheringCompletePromise(f.pc)
	if err := f.pc.SetLocalDescription(answer); err != nil {
		return nil, err
	}
	<-all
	return &protocol.Description{Type: "answer", SDP: f.pc.LocalDescription().SDP}, nil
}

// A raw channel is what W3C's and Pion's are, with nothing of ours on it: in either direction, with every option, to its end.
func TestRawChannelsWithAForeigner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, other := newForeigner(t)
		life := 300 * time.Millisecond
		for name, o := range map[string]ChannelOptions{
			"plain": {Raw: true}, "lossy": {Raw: true, Unordered: true, MaxRetransmits: new(uint16(2)), Protocol: "theirs"},
			"timely": {Raw: true, MaxPacketLifeTime: &life},
		} {
			ch, err := c.openRaw(t.Context(), name, o)
			if err != nil {
				t.Fatal(err)
			}
			dc := <-other.offered
			if dc.Label() != name || dc.Protocol() != o.Protocol || dc.Ordered() == o.Unordered || (dc.MaxRetransmits() == nil) != (o.MaxRetransmits == nil) ||
				(dc.MaxPacketLifeTime() == nil) != (o.MaxPacketLifeTime == nil) {
				t.Errorf("%s came as %q %q", name, dc.Label(), dc.Protocol())
			}
			exchangeWith(t, ch, dc)
			ended := make(chan struct{})
			dc.OnClose(func() { close(ended) })
			ch.close("")
			<-ended
		}

		dc, err := other.pc.CreateDataChannel("theirs", &webrtc.DataChannelInit{Ordered: new(false), Protocol: new("p")})
		if err != nil {
			t.Fatal(err)
		}
		come, err := c.junction.accept(t.Context(), c.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if o := come.Options(); come.Label() != "theirs" || !o.Unordered || o.Protocol != "p" || !o.Raw {
			t.Errorf("it came as %q %+v", come.Label(), o)
		}
		exchangeWith(t, come.way.(*rawChannel), dc)
		if s := come.Stats(); s.MessagesSent != 2 || s.MessagesReceived != 2 || s.BytesSent != 7+100<<10 || s.BytesReceived != 7+100<<10 {
			t.Errorf("the counts are %+v", s)
		}
		if Code(come.CloseWrite(t.Context())) != protocol.CodeUnsupported {
			t.Error("one direction was ended")
		}
		dc.Close()
		<-come.Context().Done()
		if code := Code(context.Cause(come.Context())); code != protocol.CodeClosed {
			t.Errorf("it ended with %q", code)
		}
	})
}

// exchangeWith sends a text and some bytes both ways.
func exchangeWith(t *testing.T, ch *rawChannel, dc *webrtc.DataChannel) {
	t.Helper()
	large := bytes.Repeat([]byte("x"), 100<<10)
	got := make(chan webrtc.DataChannelMessage, 2)
	dc.OnMessage(func(m webrtc.DataChannelMessage) { got <- m })
	if err := errors.Join(ch.send(t.Context(), []byte("a text?"), true), ch.send(t.Context(), large, false), ch.flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	if m := <-got; !m.IsString || string(m.Data) != "a text?" {
		t.Errorf("it got %d bytes, text %v", len(m.Data), m.IsString)
	}
	if m := <-got; m.IsString || !bytes.Equal(m.Data, large) {
		t.Errorf("it got %d bytes, text %v", len(m.Data), m.IsString)
	}
	if err := errors.Join(dc.SendText("a text!"), dc.Send(large)); err != nil {
		t.Fatal(err)
	}
	if m, err := ch.receive(t.Context()); err != nil || !m.text || string(m.data) != "a text!" {
		t.Errorf("got %d bytes, text %v: %v", len(m.data), m.text, err)
	}
	if m, err := ch.receive(t.Context()); err != nil || m.text || !bytes.Equal(m.data, large) {
		t.Errorf("got %d bytes, text %v: %v", len(m.data), m.text, err)
	}
}
