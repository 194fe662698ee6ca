package peer

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// prepareIdentity makes the key of a room that is to have one and was given none.
func (c *Config) prepareIdentity() error {
	if c.Identity == nil && (c.Trust != nil || !c.Secret.IsZero()) {
		c.Identity = identity.NewKey()
	}
	switch {
	case c.Attestation == "":
	case c.Identity == nil:
		return protocol.Errorf(protocol.CodeUnsupported, "an Attestation is about a key: give the Config its Identity, too")
	case !protocol.ValidAttestation(c.Attestation):
		return protocol.Errorf(protocol.CodeUnsupported, "the Attestation is not a compact JWS of at most %d bytes", protocol.MaxAttestation)
	}
	return nil
}

// verifying is what a room that verifies its peers needs for all of them. It does not change.
type verifying struct {
	room   *Room
	nonce  identity.Nonce
	server string
}

// newVerifying returns nil if nothing is to be verified.
func newVerifying(r *Room) *verifying {
	if r.cfg.Identity == nil {
		return nil
	}
	return &verifying{room: r, nonce: identity.NewNonce(), server: identity.NormalServer(r.server)}
}

// show puts into a hello what the others verify this side by.
func (v *verifying) show(h *protocol.Hello) {
	if v != nil {
		cfg := &v.room.cfg
		h.Key, h.Nonce, h.Attestation = cfg.Identity.Public().String(), v.nonce.String(), cfg.Attestation
	}
}

// endOf is what a member shows. It stays so for the instance's life: of a server that shows another key later, nothing is believed.
func endOf(m protocol.Member) identity.End {
	key, err := identity.ParsePublicKey(m.Key)
	nonce, err2 := identity.ParseNonce(m.Nonce)
	if err != nil || err2 != nil {
		return identity.End{}
	}
	return identity.End{Peer: m.Peer, Key: key, Nonce: nonce}
}

// Key is the key that the peer shows; ok is false if it shows none. It is proven to be the peer's if Verified says so.
func (p *Peer) Key() (key identity.PublicKey, ok bool) { return p.shown.Key, p.shown.Peer != "" }

// Verified tells that the peer has proven to have its Key, and whatever else the Config asks for, on a connection that nobody is between.
// A peer that is connected is verified, if the Config asks for anything; else it never is.
func (p *Peer) Verified() bool { return p.verified.Load() }

// SafetyNumber is what two people read to each other to be sure that they are connected with each other and with nobody in between: 60
// digits, in groups of five, that are the same on both sides. It is "" while the peer is not verified.
func (p *Peer) SafetyNumber() string {
	if !p.Verified() {
		return ""
	}
	return identity.SafetyNumber(p.room.cfg.Identity.Public(), p.shown.Key)
}

// verifiable refuses a peer that shows nothing to verify it by, before anything is said to it about a connection. The caller holds mu, as
// for all of the below of Room.
func (r *Room) verifiable(p *Peer) bool {
	if r.verifying == nil || p.shown.Peer != "" {
		return true
	}
	r.unverified(p, "", &identity.Error{Reason: identity.NoKey, Text: "the peer shows no key, so it can prove nothing: " +
		"it has joined without the secret of the link, or without an identity"})
	return false
}

// unverified ends a peer that has not proven what it should have, and tells it.
func (r *Room) unverified(p *Peer, session string, why error) {
	if p.ctx.Err() != nil {
		return
	}
	r.say(p, protocol.SignalData{Unverified: true, Session: session})
	r.refuse(p, why)
}

// unverifiedBy ends a peer that says that it will not connect to this side. It need not be true, but a peer that was not connected then
// would not have been anyway, by a server that can lose what it likes.
func (r *Room) unverifiedBy(p *Peer) {
	text := "the peer did not accept the proof of this side: it has another link, or does not trust the key of this side"
	if r.verifying == nil {
		text = "the peer wants to know who it connects to, and this side has joined without the secret of the link, or an identity"
	}
	r.refuse(p, &identity.Error{Reason: identity.Refused, Text: text})
}

func (r *Room) refuse(p *Peer, why error) {
	err := unverifiedError(why)
	p.end(err)
	r.log.Warn().Err(why).Str("peer", p.id).Msg("peer not verified")
	r.emit(Event{Kind: EventUnverified, Peer: p, Err: err})
}

// unverifiedError gives why the code that it has for programs, beside its reason.
func unverifiedError(why error) error {
	return fmt.Errorf("%w: %w", &protocol.Error{Code: protocol.CodePeerUnverified, Text: "the peer is not verified"}, why)
}

// proving is what a connection needs to prove its own side and to verify the other. Of a nil one, all methods do nothing.
type proving struct {
	// Set once.
	peer        *Peer
	self, other identity.End
	role        identity.Role // of this side
	claim       identity.Claim
	timeout     time.Duration
	refuse      func(error)

	// proven is the certificate that the other side has signed; nil before. Set by the connection's run.
	proven atomic.Pointer[identity.Fingerprint]
}

// provingOf returns what c proves and is proven. The caller holds mu.
func (r *Room) provingOf(p *Peer, c *connection) *proving {
	if r.verifying == nil {
		return nil
	}
	v := &proving{
		peer: p, role: identity.Answerer, timeout: c.timeout,
		self:  identity.End{Peer: r.id, Key: r.cfg.Identity.Public(), Nonce: r.verifying.nonce},
		other: p.shown,
		claim: identity.Claim{
			Server: r.verifying.server, Room: r.name, Peer: p.id, Identity: p.identity,
			Key: p.shown.Key, Attestation: p.attestation, Attributes: p.attributes,
		},
		refuse: func(why error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.unverified(p, c.session, why)
		},
	}
	if c.offers {
		v.role = identity.Offerer
	}
	return v
}

// sign makes the proof that goes with a description of this side.
func (v *proving) sign(sdp string) (*protocol.Proof, error) {
	if v == nil {
		return nil, nil
	}
	own, err := identity.FingerprintIn(sdp)
	if err != nil {
		return nil, protocol.Errorf(protocol.CodeConnectFailed, "the description of this side cannot be signed: %v", err)
	}
	cfg := &v.peer.room.cfg
	proof := identity.Sign(cfg.Identity, cfg.Secret, identity.Binding{
		Role: v.role, Room: v.claim.Room, Self: v.self, Other: v.other, Fingerprint: own,
	}, time.Now())
	return &proof, nil
}

// verify checks the proof beside a description of the other side, before it is used, and whether the key will do. What it returns it has
// refused the peer for.
func (v *proving) verify(ctx context.Context, sdp string, proof *protocol.Proof) error {
	if v == nil {
		return nil
	}
	err := v.check(ctx, sdp, proof)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		// The connection has ended while a Trust was thinking, as when the other side makes another: that says nothing of the peer, whom the
		// next one asks about again.
		return codedCause(ctx)
	}
	v.refuse(err)
	return unverifiedError(err)
}

func (v *proving) check(ctx context.Context, sdp string, proof *protocol.Proof) error {
	theirs, err := identity.VerifyDescription(sdp, proof, v.peer.room.cfg.Secret, identity.Binding{
		Role: identity.Offerer + identity.Answerer - v.role, Room: v.claim.Room, Self: v.other, Other: v.self,
	}, time.Now())
	if err != nil {
		return err
	}
	// A connection keeps its certificate: DTLS does not begin anew when another way is looked for.
	if before := v.proven.Load(); before != nil && *before != theirs {
		return &identity.Error{Reason: identity.OtherCertificate, Text: "the peer names another certificate for a connection that is there"}
	}
	if err := v.ask(ctx); err != nil {
		return err
	}
	v.proven.Store(&theirs)
	return nil
}

// ask asks the Config's Trust, once for each peer: its key stays the same.
func (v *proving) ask(ctx context.Context) error {
	p := v.peer
	trust := p.room.cfg.Trust
	if trust == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	select { // not a mutex, for which the fake time of an application's tests stands still
	case p.asked <- struct{}{}:
		defer func() { <-p.asked }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.trusted {
		return nil
	}
	if err := trust.Trust(ctx, v.claim); err != nil {
		return err
	}
	p.trusted = true
	return nil
}

// genuine tells whether DTLS has used the certificate that the other side has signed, and refuses the peer otherwise. Pion compares it with
// the description, unless an application tells it not to; what it really got is what counts. It is called before anything comes of
// the connection.
func (c *connection) genuine() bool {
	v := c.proving
	if v == nil {
		return true
	}
	var proven identity.Fingerprint
	if f := v.proven.Load(); f != nil {
		proven = *f
	}
	if err := proven.Matches(c.pc.SCTP().Transport().GetRemoteCertificate()); err != nil {
		v.refuse(err)
		return false
	}
	v.peer.verified.Store(true)
	return true
}
