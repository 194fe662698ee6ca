package peer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/internal/burst"
	"github.com/beckon-rtc/beckon/internal/pionlog"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

// The waits before a pair of candidates that works is taken, counted from when both descriptions are there. Pion stays with what it
// has taken, so the waits are for something better to work as well. They are as short as they are because candidates of all kinds
// are gathered at once and said one by one: a worse pair also takes more round trips to come about, by which the time for the
// better one grows with the distance, without any wait.
const (
	// reflexiveWait is for pairs of addresses that somebody else has seen: in one network, the pair without a NAT should win.
	reflexiveWait = 100 * time.Millisecond
	// relayWait is for pairs with a relay. Two NATs are passed at the second try, and Pion tries every 200 ms. The rest is for a packet
	// that was lost, and for Chromium, whose own checks begin with those of its relays: until it has sent one to this side, its NAT lets
	// none in.
	relayWait = 800 * time.Millisecond
)

// dtlsRetry is when a message of the DTLS handshake is sent again for the first time. The default of 1 s is for strangers; here a check
// has just shown that the way is there, and a lost packet would be most of the time that opening takes (RFC 9147, section 5.8.2).
const dtlsRetry = 300 * time.Millisecond

// receiveMTU is what Pion's ICE and DTLS read at once, in bytes. Between the two it would read 1,500, and drop what is larger.
const receiveMTU = 8192

// factory makes the peer connections of a room. All that Pion has to be told is told here.
type factory struct {
	settings webrtc.SettingEngine
	change   func(*webrtc.SettingEngine) // the application's
	tls      *tls.Config                 // the application's; nil is the system's roots
	policy   webrtc.ICETransportPolicy
	sockets  burst.Sockets

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
	// By default they are 0.5 s, 1 s and 2 s, which everybody feels who has no direct way.
	s.SetSrflxAcceptanceMinWait(reflexiveWait)
	s.SetPrflxAcceptanceMinWait(reflexiveWait)
	s.SetRelayAcceptanceMinWait(relayWait)
	if cfg.ICETransportPolicy == ICETransportRelay {
		s.SetRelayAcceptanceMinWait(0) // nothing better comes
	}
	// The datagrams that a burst.Conn reads may be as large as what is behind it takes.
	s.SetReceiveMTU(receiveMTU)
	hasten(&s)
	s.SetIPFilter(reachable)
	s.SetDTLSRetransmissionInterval(dtlsRetry)
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
	f := &factory{settings: s, change: cfg.SettingEngine, tls: cfg.TLS, policy: webrtc.ICETransportPolicyAll}
	if cfg.ICETransportPolicy == ICETransportRelay {
		f.policy = webrtc.ICETransportPolicyRelay
	}
	f.buffers.New = func() any { return new([maxMessage]byte) }
	return f
}

// hasten leaves out what the ends of a connection need not say to each other. All of it is negotiated, or noticed by nobody, so an end that
// cannot do it does the usual.
func hasten(s *webrtc.SettingEngine) {
	// SCTP's association is there when DTLS is, because the descriptions have carried its set-up (draft-hancke-tsvwg-snap): two round trips.
	s.EnableSctpSnap(true)
	// DTLS as the server does not ask the client to prove that it gets what is sent to it: a connectivity check, with a password, has shown
	// that (RFC 6347, section 4.2.1, leaves it to the server; browsers do not ask either). One round trip.
	s.SetDTLSInsecureSkipHelloVerify(true)
	// SCTP's checksum says nothing that DTLS does not say better (RFC 9653), and is a tenth of the processor's time.
	s.EnableSCTPZeroChecksum(true)
}

// reachable tells whether an address of this machine is one for candidates. A link-local one of IPv6 means something on its link only, and
// may be paired with its like alone (RFC 8445, section 6.1.2.2), which Pion does not look at: it takes a pair with another address of the
// same machine, whose side can answer checks and send nothing else.
func reachable(ip net.IP) bool { return ip.To4() != nil || !ip.IsLinkLocalUnicast() }

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

// connection makes a peer connection, whose gathering is given up when ctx ends. All of a room share one certificate, which saves
// making a key for each.
func (f *factory) connection(ctx context.Context) (*webrtc.PeerConnection, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.certify(); err != nil {
		return nil, err
	}
	s := f.settings
	s.SetNet(newMachine(ctx, &f.sockets))
	if f.tls != nil {
		s.SetICEProxyDialer(&relayDialer{ctx: ctx, tls: f.tls, secure: f.secure})
	}
	if f.change != nil {
		f.change(&s)
	}
	// An empty media engine and interceptor registry save four goroutines and 36 kB for each connection.
	api := webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(&webrtc.MediaEngine{}),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	return api.NewPeerConnection(webrtc.Configuration{
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
