package protocol

import "encoding/json"

// Version is the wire version that this package speaks; it is also the WebSocket subprotocol.
const Version = "beckon.v1"

// Type names a frame. Each is sent by clients, by the server, or by both.
type Type string

// The types of frame.
const (
	TypeHello    Type = "hello"
	TypeWelcome  Type = "welcome"
	TypeJoin     Type = "join"
	TypeJoined   Type = "joined"
	TypeLeave    Type = "leave"
	TypeUpdate   Type = "update"
	TypeToken    Type = "token"
	TypeBye      Type = "bye"
	TypeSignal   Type = "signal"
	TypeReceipt  Type = "receipt"
	TypeReport   Type = "report"
	TypeEvent    Type = "event"
	TypeMessage  Type = "message"
	TypeAck      Type = "ack"
	TypeICE      Type = "ice"
	TypeExpiring Type = "expiring"
	TypeGoAway   Type = "goaway"
	TypePing     Type = "ping"
	TypePong     Type = "pong"
	TypeError    Type = "error"
)

// Frame is a frame's content without its type, which [Encode] writes.
type Frame interface{ Type() Type }

// Hello (client to server) opens a session. It must be the first frame, and come within the hello timeout.
type Hello struct {
	// ID is echoed in the answer; 0 or absent means none.
	ID uint64 `json:"id,omitempty"`
	// Versions are the wire versions that the client speaks, best first.
	Versions []string `json:"versions"`
	// Token says who the client is; what it looks like is the server's Authorize function's business.
	Token string `json:"token,omitempty"`
	// Instance is the random 64-bit id of this SDK object, as 16 lower-case hex digits.
	Instance string `json:"instance"`
	// Capabilities are what this client can do, by name; see CapabilityRollback.
	Capabilities Capabilities `json:"capabilities,omitempty"`
	// Resume is the resume token of an earlier welcome; with it the client keeps its peer id.
	Resume string `json:"resume,omitempty"`
	// Key is the client's own Ed25519 public key, by which other members verify it; see ValidKey. Key and Nonce come both or not at all.
	Key string `json:"key,omitempty"`
	// Nonce is 16 random bytes that this SDK object has made for itself; see ValidNonce.
	Nonce string `json:"nonce,omitempty"`
	// Attestation is what somebody else says of the key: a compact JWS of at most MaxAttestation bytes, passed on unread.
	Attestation string `json:"attestation,omitempty"`
}

// Welcome (server to client) answers a hello.
type Welcome struct {
	ID uint64 `json:"id,omitempty"`
	// Version is the one that both sides now speak.
	Version string `json:"version"`
	// Peer is the client's own peer id, unique on this server.
	Peer string `json:"peer"`
	// Identity is who the token said the client is; "" for anonymous.
	Identity string `json:"identity,omitempty"`
	// Resume is a signed token that gives this peer id back to the same instance on a later connection.
	Resume string `json:"resume,omitempty"`
	// Resumed tells that the peer id is the one of the resume token in the hello.
	Resumed   bool      `json:"resumed"`
	Heartbeat Heartbeat `json:"heartbeat"`
	Limits    Limits    `json:"limits"`
	// ICEServers are for RTCPeerConnection, as they are.
	ICEServers []ICEServer `json:"iceServers"`
	// ICELifetime is for how many milliseconds the credentials in ICEServers may start new allocations; 0 means for ever.
	ICELifetime int64 `json:"iceLifetime,omitempty"`
	// Grace is for how many milliseconds a peer may be away before it has left.
	Grace int64 `json:"grace,omitempty"`
}

// Heartbeat is how both sides notice a dead connection.
type Heartbeat struct {
	// Interval is the number of milliseconds between pings.
	Interval int64 `json:"interval"`
	// Timeout is the number of milliseconds of silence after which a connection is dead. Any frame breaks the silence.
	Timeout int64 `json:"timeout"`
}

// Limits are what the server allows this client.
type Limits struct {
	// Frame is the largest frame in bytes.
	Frame int `json:"frame"`
	// Attributes is the largest attributes object in bytes.
	Attributes int `json:"attributes"`
	// Rate is how many frames a second the client may send in the long run.
	Rate int `json:"rate"`
	// Burst is how many frames the client may send at once.
	Burst int `json:"burst"`
	// Window is how many signals to one instance may be without a receipt.
	Window int `json:"window"`
	// Rooms is how many rooms the client may be in.
	Rooms int `json:"rooms"`
	// Mesh is how many members of a mesh connect to each other.
	Mesh int `json:"mesh"`
	// Reports is how many a minute the server wants to hear; absent: none.
	Reports int `json:"reports,omitempty"`
}

// ICEServer is an RTCIceServer (W3C WebRTC, section 4.2.4).
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Capabilities are what a client can do, by name. What is absent is false. The server passes on names it does not know, so
// that two newer clients may use something that an older server has not heard of.
type Capabilities map[string]bool

// CapabilityRollback tells that the client's RTCPeerConnection can roll back a local offer. Browsers can; Pion cannot.
const CapabilityRollback = "rollback"

// Join (client to server) enters a room, or comes back to it.
type Join struct {
	ID uint64 `json:"id,omitempty"`
	// Room is a room name; see ValidRoom.
	Room string `json:"room"`
	// Attributes are an object that the other members see.
	Attributes json.RawMessage `json:"attributes,omitempty"`
	// Topology is wished for if this join makes the room; an existing room keeps its own. "" means mesh.
	Topology Topology `json:"topology,omitempty"`
	// Epoch and Position are where the client left the room's log, if it was here before.
	Epoch    string `json:"epoch,omitempty"`
	Position uint64 `json:"position,omitempty"`
}

// Joined (server to client) answers a join. It is either a snapshot (Members, as of Position) or, when Replay is true, a
// promise that the events after Position follow.
type Joined struct {
	ID   uint64 `json:"id,omitempty"`
	Room string `json:"room"`
	// Epoch is the id of this life of the room's log, 16 hex digits. Positions of different epochs have nothing in common.
	Epoch string `json:"epoch"`
	// Position is the log position that Members describe, or, in a replay, the client's own last one.
	Position uint64 `json:"position"`
	// Stable is the position that every member has acknowledged.
	Stable   uint64   `json:"stable"`
	Topology Topology `json:"topology"`
	// Replay tells that no members are listed because the missed events follow. To a client that comes from another epoch they
	// follow from the beginning of this one, and Position is 0.
	Replay bool `json:"replay,omitempty"`
	// Until is where a replay ends: the log's position when the join was answered.
	Until uint64 `json:"until,omitempty"`
	// Said is the number of the newest message of this client in this epoch's log: what it said after that one was lost.
	Said uint64 `json:"said,omitempty"`
	// Gap tells a client that named a position that events were missed and cannot be had any more.
	Gap bool `json:"gap,omitempty"`
	// Members are all members, the client among them, ordered by Joined.
	Members []Member `json:"members,omitempty"`
}

// Member is one peer in a room.
type Member struct {
	Peer         string          `json:"peer"`
	Instance     string          `json:"instance"`
	Identity     string          `json:"identity,omitempty"`
	Attributes   json.RawMessage `json:"attributes,omitempty"`
	Capabilities Capabilities    `json:"capabilities,omitempty"`
	// Key, Nonce and Attestation are those of the member's hello.
	Key         string `json:"key,omitempty"`
	Nonce       string `json:"nonce,omitempty"`
	Attestation string `json:"attestation,omitempty"`
	// Away tells that the member's connection is lost and it may come back within the grace.
	Away bool `json:"away,omitempty"`
	// Joined is the log position of the member's joined event: its rank in the room.
	Joined uint64 `json:"joined"`
	// Said is the number of the member's newest message in this epoch's log: who comes now hears what is said after it.
	Said uint64 `json:"said,omitempty"`
}

// Leave (client to server) leaves a room. The client gets its own left event as the answer, and then nothing more of the room.
type Leave struct {
	ID   uint64 `json:"id,omitempty"`
	Room string `json:"room"`
}

// Update (client to server) replaces the client's attributes in a room. The answer is its own updated event.
type Update struct {
	ID         uint64          `json:"id,omitempty"`
	Room       string          `json:"room"`
	Attributes json.RawMessage `json:"attributes"`
}

// Token (client to server) hands in a fresh token, which replaces the grants of the old one. The answer is an ice frame.
type Token struct {
	ID    uint64 `json:"id,omitempty"`
	Token string `json:"token"`
}

// Bye (client to server) ends the session now: the peer has left, not gone away.
type Bye struct {
	ID uint64 `json:"id,omitempty"`
}

// Signal (both ways) is one numbered message from an instance to an instance. The client fills To and ToInstance; the server
// adds From and FromInstance and forwards the rest as it came.
type Signal struct {
	ID           uint64 `json:"id,omitempty"`
	Room         string `json:"room"`
	From         string `json:"from,omitempty"`
	FromInstance string `json:"fromInstance,omitempty"`
	To           string `json:"to"`
	ToInstance   string `json:"toInstance"`
	// N counts this sender instance's signals to this recipient instance from 1.
	N uint64 `json:"n"`
	// After is the number of the sender's signal before this one, if that one is still without a receipt: who has not accepted
	// it does not accept this one.
	After uint64 `json:"after,omitempty"`
	// Data is for the recipient; the server never decodes it. The SDKs' own are SignalData.
	Data json.RawMessage `json:"data"`
}

// Receipt (both ways) says that all signals up to N have reached the sender of the receipt.
type Receipt struct {
	Room         string `json:"room"`
	From         string `json:"from,omitempty"`
	FromInstance string `json:"fromInstance,omitempty"`
	To           string `json:"to"`
	ToInstance   string `json:"toInstance"`
	N            uint64 `json:"n"`
}

// Message (client to server) says something to the whole room, the sender included.
type Message struct {
	ID   uint64 `json:"id,omitempty"`
	Room string `json:"room"`
	// N counts this sender instance's messages to this room from 1.
	N uint64 `json:"n"`
	// After is the number of the message that was said before this one on the same connection: a message whose After is not in
	// the log, because it was refused, is not logged either.
	After uint64          `json:"after,omitempty"`
	Data  json.RawMessage `json:"data"`
}

// Ack (client to server) says up to which position the client has the room's log.
type Ack struct {
	Room     string `json:"room"`
	Position uint64 `json:"position"`
}

// ICE (server to client) brings fresh ICE servers before the old ones' lifetime ends, or as the answer to a token.
type ICE struct {
	ID          uint64      `json:"id,omitempty"`
	ICEServers  []ICEServer `json:"iceServers"`
	ICELifetime int64       `json:"iceLifetime,omitempty"`
	// Resume takes the place of the resume token of the welcome: it carries the grants of now, and its life begins anew. "" means
	// that there is none, and that the older one is still the one to use.
	Resume string `json:"resume,omitempty"`
}

// Expiring (server to client) says that the grants end soon: hand in a fresh token, or the connection is closed as token-expired.
type Expiring struct {
	// Within is in how many milliseconds they end.
	Within int64 `json:"within"`
}

// GoAway (server to client) announces that this server will close the connection: connect again, perhaps elsewhere.
type GoAway struct {
	// Within is the window in milliseconds in which to reconnect, each client at a random moment of it; 0 means at once.
	Within int64 `json:"within"`
}

// Ping (both ways) asks for a Pong.
type Ping struct {
	// T is echoed as it is; the sender may put its clock here to measure the round trip.
	T uint64 `json:"t,omitempty"`
	// Acks (client to server) are positions by room, as in Ack.
	Acks map[string]uint64 `json:"acks,omitempty"`
}

// Pong (both ways) answers a Ping. The server's comes behind all events that were in the log when the ping came.
type Pong struct {
	T uint64 `json:"t,omitempty"`
	// Stable (server to client) are the stable positions of the rooms in the ping's Acks.
	Stable map[string]uint64 `json:"stable,omitempty"`
}

// Report (client to server) says how a connection to another peer opened, or that it did not: what the client's user sees of it and
// its operator otherwise would not. It names nobody and no address. Only a server that says so in Limits wants it.
type Report struct {
	Outcome Outcome `json:"outcome"`
	// Protocol is what the client's own packets to its relay go in. Absent if it uses none, or does not know.
	Protocol RelayProtocol `json:"protocol,omitempty"`
	// Opening is how many milliseconds it took, from the start of the negotiation until the connection was open or given up.
	Opening int64 `json:"opening"`
	// Again tells that the connection was open and had lost its way: Opening counts from when that was noticed.
	Again bool `json:"again,omitempty"`
}

// Outcome is what came of a connection.
type Outcome string

// The outcomes.
const (
	// OutcomeDirect: it is open, and packets go from one peer to the other.
	OutcomeDirect Outcome = "direct"
	// OutcomeRelayed: it is open, and packets go over a relay of either side.
	OutcomeRelayed Outcome = "relayed"
	// OutcomeFailed: it is not open, and will not be.
	OutcomeFailed Outcome = "failed"
)

// RelayProtocol is what packets between a client and its relay go in.
type RelayProtocol string

// The protocols of RFC 8656 and RFC 7065.
const (
	RelayUDP RelayProtocol = "udp"
	RelayTCP RelayProtocol = "tcp"
	RelayTLS RelayProtocol = "tls"
)

// ErrorReply (server to client, type "error") says that a frame was refused. The connection lives on, unless that was its hello. One without an ID and the
// names of a signal or message answers nothing: it tells of a limit.
type ErrorReply struct {
	// ID is that of the refused frame, if it had one.
	ID      uint64    `json:"id,omitempty"`
	Code    ErrorCode `json:"code"`
	Message string    `json:"message"`
	// RetryAfter is after how many milliseconds it makes sense to try again; 0 means that it does not, or that it is not known.
	RetryAfter int64 `json:"retryAfter,omitempty"`
	// Room, To, ToInstance and N name the refused signal or message.
	Room       string `json:"room,omitempty"`
	To         string `json:"to,omitempty"`
	ToInstance string `json:"toInstance,omitempty"`
	N          uint64 `json:"n,omitempty"`
}

// SignalData is what the SDKs say to each other in a signal's data: exactly one of Description, Candidate, Want, Over and Unverified, and of which
// connection.
type SignalData struct {
	// Description is an RTCSessionDescription.
	Description *Description `json:"description,omitempty"`
	// Candidate is an RTCIceCandidateInit, or null: no more candidates.
	Candidate json.RawMessage `json:"candidate,omitempty"`
	// Want asks the side that offers to make an offer.
	Want bool `json:"want,omitempty"`
	// Over says that for the sender the peer has ended for good: no other connection takes the place of Session.
	Over bool `json:"over,omitempty"`
	// Session is the connection that it is about: a random id that the side that offers gives to each RTCPeerConnection. In a Want,
	// "" says that the asking side has none.
	Session string `json:"session,omitempty"`
	// ICERestart says that the offer goes on with a connection that the other side must have, on another path.
	ICERestart bool `json:"iceRestart,omitempty"`
	// Fresh asks, in a Want, for another connection in the place of Session, instead of another path for it.
	Fresh bool `json:"fresh,omitempty"`
	// Proof, beside a Description, shows whose it is; see package peer/identity.
	Proof *Proof `json:"proof,omitempty"`
	// Unverified says that this side has not accepted the other's proof, or wanted one and got none: there will be no connection.
	Unverified bool `json:"unverified,omitempty"`
}

// Proof is a signature over what binds a connection to its two ends: their keys, the room, and the certificate that DTLS will use.
type Proof struct {
	// NotAfter is until when it is good, in seconds since 1970.
	NotAfter int64 `json:"notAfter"`
	// Signature is one of Ed25519: 86 characters of base64url without padding.
	Signature string `json:"signature"`
	// MAC is an HMAC-SHA-256 under the secret of the link that both sides have: 43 characters of base64url. Absent without a secret.
	MAC string `json:"mac,omitempty"`
}

// Description is an RTCSessionDescriptionInit.
type Description struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

func (Hello) Type() Type      { return TypeHello }
func (Welcome) Type() Type    { return TypeWelcome }
func (Join) Type() Type       { return TypeJoin }
func (Joined) Type() Type     { return TypeJoined }
func (Leave) Type() Type      { return TypeLeave }
func (Update) Type() Type     { return TypeUpdate }
func (Token) Type() Type      { return TypeToken }
func (Bye) Type() Type        { return TypeBye }
func (Signal) Type() Type     { return TypeSignal }
func (Receipt) Type() Type    { return TypeReceipt }
func (Event) Type() Type      { return TypeEvent }
func (Message) Type() Type    { return TypeMessage }
func (Ack) Type() Type        { return TypeAck }
func (ICE) Type() Type        { return TypeICE }
func (Expiring) Type() Type   { return TypeExpiring }
func (GoAway) Type() Type     { return TypeGoAway }
func (Ping) Type() Type       { return TypePing }
func (Pong) Type() Type       { return TypePong }
func (Report) Type() Type     { return TypeReport }
func (ErrorReply) Type() Type { return TypeError }
