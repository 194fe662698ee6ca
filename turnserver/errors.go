package turnserver

import "errors"

// Errors that a caller may test for with errors.Is. What Pion does with one of them is to refuse the client's request.
var (
	// ErrTCPRelay refuses RFC 6062 (a relay that opens TCP connections to peers). WebRTC does not use it, and in
	// Pion one Connect to an address that does not answer stalls a whole listener.
	ErrTCPRelay = errors.New("turnserver: relaying TCP to peers (RFC 6062) is not offered")
	// ErrEvenPort refuses EVEN-PORT with its reservation of the next port, and RESERVATION-TOKEN: they are for RTP
	// without multiplexing, and what is reserved would be nobody's, so that no quota could count it.
	ErrEvenPort = errors.New("turnserver: reserving a second port (EVEN-PORT) is not offered")
	// ErrFamily refuses a relay of a family that has no relay address.
	ErrFamily = errors.New("turnserver: no relay address of the requested family")
	// ErrNoPorts says that every port of the range is in use.
	ErrNoPorts = errors.New("turnserver: every port of the relay range is in use")
	// ErrRevoked says that the credential was revoked.
	ErrRevoked = errors.New("turnserver: credential revoked")
	// ErrQuota says that a bound of Config.Quotas is met.
	ErrQuota = errors.New("turnserver: quota reached")
	// ErrPayload says that Config.Payload does not carry such a datagram.
	ErrPayload = errors.New("turnserver: payload not carried")
	// ErrPeerDenied says that the policy keeps the relay from this peer.
	ErrPeerDenied = errors.New("turnserver: peer denied")
	// ErrNotTURN says that a TCP stream carries something other than STUN and ChannelData.
	ErrNotTURN = errors.New("turnserver: neither STUN nor ChannelData")
	// ErrFrameTooBig says that a TCP client announced a frame above Limits.Frame.
	ErrFrameTooBig = errors.New("turnserver: frame too big")
	// ErrClosed says that the server drains or is closed.
	ErrClosed = errors.New("turnserver: server closed")

	errNoDeadline = errors.New("turnserver: relays have no deadlines")

	errCut = errors.New("turnserver: frame without its end")
)

// ConfigError is a mistake in the configuration: what to say to the person who wrote it.
type ConfigError struct {
	Field   string // of Config, or what was parsed: "port range", "prefix"
	Problem string // quotes the bad value
	Hint    string // what was probably meant
}

func (e *ConfigError) Error() string {
	return "turnserver: " + e.Field + ": " + e.Problem + ": " + e.Hint
}
