package peer

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"
)

// ICETransportPolicy says which ways to a peer may be used; the values are those of the browsers' RTCIceTransportPolicy.
type ICETransportPolicy string

// The policies.
const (
	// ICETransportAll uses a direct way where there is one, and a relay otherwise. It is the default.
	ICETransportAll ICETransportPolicy = "all"
	// ICETransportRelay uses relays only, so that the peers do not learn each other's addresses.
	ICETransportRelay ICETransportPolicy = "relay"
)

// Config is how to join a room. A nil *Config and the zero value work. Join copies it and never changes it.
type Config struct {
	// Token says who this peer is, in whatever form the server wants to see. "" is anonymous.
	Token string
	// TokenSource returns a fresh token each time, for tokens that expire; Token is not used then. It is called by Join, when the server
	// warns that the token ends, and to connect again when it has ended or is refused. ctx bounds the call: the Join's, and for a room that is
	// joined one of 10 s that ends with the room. Its error fails the Join (CodeConnectFailed); later it is called again, after a while. It may be
	// called by two goroutines at once: one that connects, one that renews. nil is Token for ever.
	TokenSource func(ctx context.Context) (string, error)
	// Identity is the key by which the others know this peer; see identity.OpenKeyFile. With nil there is none, or, where Trust or Secret is
	// set, one that lasts as long as the room. Whoever sets one of the three has every peer verified: it must prove that it has the key
	// that it shows, and that nobody is between, or its Context ends with CodePeerUnverified and no channel ever opens. So all members of
	// the room have to. With none of them nothing is shown or asked for, and peers that do ask will not connect.
	Identity *identity.Key
	// Trust decides whose keys will do: identity.Pinned, FirstUse or Issued, or one's own. nil takes any key, which keeps nobody out,
	// but the number that Peer.SafetyNumber gives is worth reading to each other then.
	Trust identity.Trust
	// Secret is that of the link which all members have and the server has not: who does not prove to know it is not connected. The
	// zero value is none. See ParseLink.
	Secret identity.Secret
	// Attestation is what an issuer says of the Identity's key, for peers whose Trust is identity.Issued: a compact JWS of at most 2,048
	// bytes. "" is none.
	Attestation string
	// Attributes are what the other members see of this peer. They must marshal to a JSON object; nil is none.
	Attributes any
	// Topology is wished for if this join makes the room; a room that exists keeps its own. "" is a mesh.
	Topology protocol.Topology
	// ICETransportPolicy is "" or ICETransportAll for any way to a peer, ICETransportRelay for relays only.
	ICETransportPolicy ICETransportPolicy
	// ICEServers are used instead of those that the server hands out. nil takes the server's, an empty slice takes none.
	ICEServers []protocol.ICEServer
	// ConnectTimeout is how long the connection to one peer may take from the start of its negotiation. 0 means 30 s.
	ConnectTimeout time.Duration
	// MaxMessageSize is the largest message that this peer takes on a channel, in bytes; the others learn it and send none that is larger.
	// Such a message is held whole, so it is also what one peer can make this one hold at a time. 0 means 256 MiB; at least 65,536, which
	// a side may send before it has learnt more. On raw channels it is 256 KiB.
	MaxMessageSize int
	// CloseTimeout is how long Close may take to deliver what was sent, and again to say goodbye. 0 means 5 s.
	CloseTimeout time.Duration
	// DisableMDNS stops resolving the `.local` names behind which browsers hide their addresses. Set it on a server with a
	// public address: nobody it can reach by such a name will come, and it saves the multicast socket.
	DisableMDNS bool
	// Carriers are the ways to the server that may be used, in the order in which they are tried; nil is a WebSocket, then a stream,
	// then polls. Fewer are for tests, and to find out what a network lets through.
	Carriers []Carrier
	// DisableReports keeps this peer from telling the server how its connections open: directly or over a relay, or not, over which
	// protocol, and after what time. It tells no addresses and no peers, and only a server that asks.
	DisableReports bool
	// Logger gets a line per step of a connection's life, at debug and trace also Pion's, which are hundreds a second: give it the level
	// info. The zero value is silent.
	Logger zerolog.Logger
	// TLS is for wss and https servers, and for TURN servers that are reached over TLS. nil means the system's roots.
	TLS *tls.Config
	// Dial makes the connection to the signaling server. nil dials as net.Dialer does, through the
	// proxy that the environment names (HTTPS_PROXY); with a Dial of your own there is no proxy but what it does.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// SettingEngine may change how Pion is set up, after this package has set what it needs. It is called for each connection that is
	// made, one at a time, with a SettingEngine of that connection's own.
	// Detached data channels, blocking writes and the message size must be left as they are. nil changes nothing.
	SettingEngine func(*webrtc.SettingEngine)
}

// The bounds of this package's queues. They are not in the Config because nobody has a reason to change them yet.
const (
	maxMessage    = 256 << 10 // bytes of a data channel's message that we accept, what Chromium and Firefox accept too
	maxOpening    = 16        // channel opens of a peer in flight; Pion's accept queue holds 16 and drops the rest
	maxUnaccepted = 256       // channels of a peer that nobody has accepted
	maxRaw        = 64        // of those, before a raw one is refused: each may hold five messages
	maxRequests   = 64        // of a peer, that nobody has accepted
	maxBacklog    = 128       // connections of a listener that nobody has accepted
	maxUnread     = 1024      // events of a room that nobody has read
	maxCandidates = 256       // of a peer; Pion would check any number of addresses
	maxSignals    = 256       // from a peer, that wait to be followed
	maxRefused    = 256       // channels of a peer that were refused and that it does not let go
	maxUrgent     = 64        // frames that the signaling connection has not taken, besides messages
	maxUpdates    = 64        // Update calls of a room that wait for their answer
)

const (
	defaultMessageSize = 256 << 20
	leastMessageSize   = 64 << 10
)

// acceptLinger is how long after a connection's end its channels can still be accepted.
const acceptLinger = 30 * time.Second

// prepared is a Config with its defaults filled in and checked.
func (c *Config) prepared() (Config, error) {
	var out Config
	if c != nil {
		out = *c
		out.ICEServers = slices.Clone(c.ICEServers)
	}
	if out.ConnectTimeout == 0 {
		out.ConnectTimeout = 30 * time.Second
	}
	if out.CloseTimeout == 0 {
		out.CloseTimeout = 5 * time.Second
	}
	switch {
	case out.MaxMessageSize == 0:
		out.MaxMessageSize = defaultMessageSize
	case out.MaxMessageSize < leastMessageSize:
		return out, protocol.Errorf(protocol.CodeUnsupported, "a MaxMessageSize of %d is less than %d, which the others may always send",
			out.MaxMessageSize, leastMessageSize)
	}
	if out.Carriers = slices.Clone(out.Carriers); len(out.Carriers) == 0 {
		out.Carriers = []Carrier{CarrierWebSocket, CarrierStream, CarrierPoll}
	}
	for i, kind := range out.Carriers {
		switch kind {
		case CarrierWebSocket, CarrierStream, CarrierPoll:
		default:
			return out, protocol.Errorf(protocol.CodeBadFrame, "there is no carrier %.32q; use %q, %q or %q",
				string(kind), CarrierWebSocket, CarrierStream, CarrierPoll)
		}
		if slices.Contains(out.Carriers[:i], kind) {
			return out, protocol.Errorf(protocol.CodeBadFrame, "the carrier %q is named twice", kind)
		}
	}
	if !out.Topology.Valid() {
		return out, protocol.Errorf(protocol.CodeBadFrame, "there is no topology %.32q; use %q or %q",
			string(out.Topology), protocol.TopologyMesh, protocol.TopologyNone)
	}
	switch out.ICETransportPolicy {
	case "":
		out.ICETransportPolicy = ICETransportAll
	case ICETransportAll, ICETransportRelay:
	default:
		return out, protocol.Errorf(protocol.CodeBadFrame, "there is no ICE transport policy %.32q; use %q or %q",
			string(out.ICETransportPolicy), ICETransportAll, ICETransportRelay)
	}
	return out, out.prepareIdentity()
}

// marshalObject makes the JSON object of attributes; nil for none.
func marshalObject(attributes any) (json.RawMessage, error) {
	if attributes == nil {
		return nil, nil
	}
	raw, err := json.Marshal(attributes)
	if err != nil {
		return nil, protocol.Errorf(protocol.CodeBadFrame, "the attributes do not marshal: %v", err)
	}
	if string(raw) == "null" {
		return nil, nil
	}
	if raw[0] != '{' {
		return nil, protocol.Errorf(protocol.CodeBadFrame, "the attributes are not a JSON object; use a struct or a map")
	}
	return raw, nil
}
