package signaling

import (
	"context"
	"net/netip"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Config says what a Server allows. Its zero value is a server that refuses everyone: set Authorize. New copies it.
type Config struct {
	// Authorize decides whether a client may have a session, and in which rooms. It is asked at the hello, and again for each
	// `token` frame; not when a client continues its session with a good resume token whose grant has not expired, so that a
	// thousand clients who reconnect at once do not meet at the operator's door. Any error refuses the client for good, except one
	// that wraps context.Canceled or context.DeadlineExceeded: that means undecided, and the client tries again. The error goes
	// to the log, so it should not hold the token; the client hears only that of a *protocol.Error that it wraps. An address that is
	// refused again and again is not asked about for a while: see Limits.Failures. Authorize may be called by many goroutines at once; ctx ends with the server or
	// after Limits.Callback. Nil refuses everyone; see AllowAnonymous.
	Authorize func(ctx context.Context, req AuthRequest) (Grant, error)
	// ICEServers returns what a peer needs to connect (STUN and TURN servers with credentials), and for how long the credentials
	// start new allocations; 0 means for ever. The server asks again after three quarters of that time and pushes the answer. An
	// error is logged, and the client gets none. Concurrency and ctx are those of Authorize. Nil means no ICE servers.
	ICEServers func(ctx context.Context, req ICERequest) (servers []protocol.ICEServer, lifetime time.Duration, err error)
	// RelayEnded is called when a peer to which ICE servers were given with PermissionRelay may use them no longer: its session is over
	// (a `bye`, its grace has passed, Kick, Revoke), its grant has ended, a new one is without that permission, or it has left its last
	// room. Once for each time: a peer that may again gets fresh ICE servers, for which ICEServers is not asked before RelayEnded has
	// returned. It is called at once, by a goroutine of its own without any lock, and should be quick. A Shutdown alone ends nothing.
	// Nil means that nobody needs to know, and changes nothing else.
	RelayEnded func(peer string)
	// Reported is told how connections between peers open; see Report. What peers say may be wrong. Each peer is listened to
	// Limits.Reports times a minute. It may be called by many goroutines at once and should be quick. Nil asks peers for no reports.
	Reported func(Report)
	// Candidates makes the server remember which addresses members of a room announce to each other as ICE candidates, for
	// Announced. It looks for them in what it otherwise passes on unread.
	Candidates bool
	// Secret signs resume tokens: with the same one, another server or this one after a restart gives a client its peer id back.
	// Empty means a random one. Best 32 random bytes.
	Secret []byte
	// Origins are the web origins whose pages may connect, besides those served from the same host: exact ("https://example.com"),
	// all subdomains ("https://*.example.com"), or "*". Clients that are not browsers send no origin, which is for Authorize to
	// judge: that keeps strangers out, this keeps a stranger's page from using a visitor's access. See CheckOrigin.
	Origins []string
	// Limits bound what clients can make the server do. Zero fields have the specification's defaults.
	Limits Limits
	// Logger gets a line for each session's begin and end at info, misbehaving clients at debug, the first refusal of an origin
	// at warn, and what the operator must know at error. The zero value is silent.
	Logger zerolog.Logger
}

// AuthRequest is what Authorize knows about a client.
type AuthRequest struct {
	// Token is what the client handed in; "" if nothing.
	Token string
	// RemoteAddr is the client's address, from http.Request.RemoteAddr: behind a proxy that is the proxy's, unless a handler in
	// front of the Server sets it. It is the zero Addr if it could not be parsed.
	RemoteAddr netip.Addr
	// Origin is the page's origin; "" for clients that are not browsers.
	Origin string
	// Instance is the client's instance, 16 hex digits of its own choice.
	Instance string
	// Key is the public key that the client shows the other members, in base64url; "" if none. That it has the key is proven to them only.
	Key string
}

// ICERequest tells ICEServers for whom.
type ICERequest struct {
	// Peer is the client's peer id, unique on this server.
	Peer string
	// Identity is that of its Grant.
	Identity string
	// Relay tells whether it has PermissionRelay. Without, the server takes URLs of TURN servers out of the answer, and all
	// credentials: who would have to make or to pay for them can leave that.
	Relay bool
}
