package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/internal/pionlog"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/webrtc/v4"
)

// factory makes the peer connections of a room. All that Pion has to be told is told here.
type factory struct {
	api    *webrtc.API
	policy webrtc.ICETransportPolicy

	mu   sync.Mutex
	cert *webrtc.Certificate
	ice  []webrtc.ICEServer

	// buffers are for messages while they are read; see Channel.pump.
	buffers sync.Pool
}

func newFactory(cfg *Config) *factory {
	var s webrtc.SettingEngine
	s.LoggerFactory = pionlog.New(cfg.Logger)
	// Blocking reads and writes with deadlines: SCTP's own window is the backpressure.
	s.DetachDataChannels()
	s.EnableDataChannelBlockWrite(true)
	// Pion would otherwise say that it takes 1 GiB into a buffer of 1 MiB, and one message of 4 MiB from Firefox, which
	// believes it, aborts the association.
	s.SetSCTPMaxMessageSize(maxMessage)
	// Pion waits before it takes a relay, of either side, and then stays with it. It would wait 2 s, which everybody who needs
	// a relay feels, and so does who connects to a peer with relays only. Half of that is enough: by then the waits for
	// reflexive candidates (0.5 s and 1 s) are over, and a direct way whose check was answered still goes first. With relays
	// only, nothing better comes.
	s.SetRelayAcceptanceMinWait(time.Second)
	if cfg.ICETransportPolicy == ICETransportRelay {
		s.SetRelayAcceptanceMinWait(0)
	}
	// After an outage a message is sent again within that time. Pion would double it up to 60 s, and a channel whose way is there
	// again would stay silent for as long as the outage was. Chromium's backoff has the same bound.
	s.SetSCTPRTOMax(maxResend)
	// A connection that is not heard of for 30 s has failed (RFC 7675, section 5.1); by then another way has been looked for,
	// which is given 15 s from the heartbeat's 5 s on.
	s.SetICETimeouts(5*time.Second, 25*time.Second, 2*time.Second)
	// Pion gives a pair of candidates up after 1.4 s, in which a way that was lost seldom comes back. Its checks are 200 ms apart.
	s.SetICEMaxBindingRequests(uint16(restartEvery / (200 * time.Millisecond)))
	// The connection closes itself (connection.run); Pion would do so as well, at the same time, when DTLS is closed.
	s.DisableCloseByDTLS(true)
	// Resolve the names of browsers, but hide no addresses ourselves: a program has nobody's privacy to keep.
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeQueryOnly)
	if cfg.DisableMDNS {
		s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	}
	if n, err := stdnet.NewNet(); err == nil { // otherwise Pion tries it again, and says what is wrong
		s.SetNet(machine{n})
	}
	if cfg.SettingEngine != nil {
		cfg.SettingEngine(&s)
	}
	f := &factory{
		// An empty media engine and interceptor registry save four goroutines and 36 kB for each connection.
		api: webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(&webrtc.MediaEngine{}),
			webrtc.WithInterceptorRegistry(&interceptor.Registry{})),
		policy: webrtc.ICETransportPolicyAll,
	}
	if cfg.ICETransportPolicy == ICETransportRelay {
		f.policy = webrtc.ICETransportPolicyRelay
	}
	f.buffers.New = func() any { return new([maxMessage]byte) }
	return f
}

// setICEServers is for the connections that are made from now on.
func (f *factory) setICEServers(servers []protocol.ICEServer) {
	list := make([]webrtc.ICEServer, 0, len(servers))
	for _, s := range servers {
		list = append(list, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ice = list
}

// connection makes a peer connection. All of a room share one certificate, which saves making a key for each.
func (f *factory) connection() (*webrtc.PeerConnection, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.certify(); err != nil {
		return nil, err
	}
	return f.api.NewPeerConnection(webrtc.Configuration{
		ICEServers:         f.ice,
		ICETransportPolicy: f.policy,
		Certificates:       []webrtc.Certificate{*f.cert},
	})
}

// configuration is for a connection that is there already, with the ICE servers as they are now.
func (f *factory) configuration() webrtc.Configuration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return webrtc.Configuration{ICEServers: f.ice, ICETransportPolicy: f.policy}
}

// certify makes the certificate, or a new one when less than a week of it is left: Pion's last a month and it refuses an
// expired one, but a bot may stay in a room for longer.
func (f *factory) certify() error {
	if f.cert != nil && time.Until(f.cert.Expires()) > 7*24*time.Hour {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	f.cert, err = webrtc.GenerateCertificate(key)
	return err
}
