package turnserver

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// front stands between clients and Pion: it is what Pion takes for the socket of a listener or of a connection.
//
//	client → ReadFrom: whole STUN and ChannelData only, strangers within their rate     → Pion
//	         entry.authenticate, from within Pion, once it knows the nonce: who asks, and whether the request may be granted
//	client ← WriteTo: Pion's answer, or in its place what entry found to be the right one ← Pion
//
// Pion refuses many requests with the wrong code, or without a word, and half-done: see decide.go. ReadFrom belongs to one
// goroutine, in which Pion also answers; relays write at the same time, but never what looks like an answer.
type front struct {
	net.PacketConn
	e *entry
}

// request is what a way in knows of the request under way. It is owned by the goroutine that reads.
type request struct {
	from    netip.AddrPort // who sent it, or what else Pion is to see
	local   net.Addr       // entry.local of from, when it came
	msg     stunMsg        // in Pion's buffer; nil while there is no request
	as      string         // the username; it may still turn out to be unsigned
	user    string         // that it is from; "" until it is authenticated
	key     []byte         // that it is signed with; nil until it is authenticated
	paid    bool           // its answer is one that its source may have
	vetted  bool           // the peers that it names are allowed
	refusal refusal        // what is answered in place of what Pion says
}

// dropped says why a message of a client came to nothing.
type dropped int

const (
	dropMalformed   dropped = iota // not STUN, not ChannelData, cut off, or with a wrong length or fingerprint
	dropOversized                  // longer than Limits.Frame
	dropUnexpected                 // STUN that clients do not send: answers, most indications
	dropStranger                   // unauthenticated, from a source that has had its share of answers
	droppedMessages                // how many there are
)

func (d dropped) String() string {
	return [...]string{"malformed", "oversized", "unexpected", "stranger"}[d]
}

// ReadFrom returns the next message that Pion is to see.
func (f *front) ReadFrom(p []byte) (int, net.Addr, error) {
	f.e.busy.end() // Pion has done with the one before
	for {
		n, src, err := f.PacketConn.ReadFrom(p)
		if err != nil {
			return 0, nil, err
		}
		why, ok := dropOversized, false
		if n < len(p) { // Pion, too, takes what fills its buffer for cut off
			why, ok = f.e.enter(p[:n], src)
		}
		if ok {
			if f.e.req.msg.raw != nil {
				f.e.busy.begin()
			}
			return n, src, nil
		}
		f.e.srv.stats.dropped[why].Add(1)
	}
}

// WriteTo sends what Pion or a relay has for a client.
func (f *front) WriteTo(p []byte, to net.Addr) (int, error) {
	if !isAnswer(p) {
		return f.PacketConn.WriteTo(p, to)
	}
	answer, why, ok := f.e.leave(p)
	if !ok {
		f.e.srv.stats.dropped[why].Add(1)
		return len(p), nil
	}
	f.e.srv.stats.countError(answer)
	if _, err := f.PacketConn.WriteTo(answer, to); err != nil {
		return 0, err
	}
	return len(p), nil
}

// LocalAddr belongs to the goroutine that reads: Pion asks for it with each message.
func (f *front) LocalAddr() net.Addr { return f.e.req.local }

// isAnswer tells STUN's two classes of responses, which only the reading goroutine sends, from ChannelData and indications.
func isAnswer(p []byte) bool { return len(p) >= stunHeader && p[0]&0xc1 == 0x01 }

// enter looks at a message before Pion does.
func (e *entry) enter(p []byte, src net.Addr) (why dropped, ok bool) {
	e.req = request{from: addrPort(src)}
	e.req.local = e.local(e.req.from)
	if len(p) >= channelHeader && p[0]>>6 == 1 {
		// Pion takes for STUN what is too short for its length.
		return dropMalformed, int(binary.BigEndian.Uint16(p[2:])) <= len(p)-channelHeader
	}
	m, ok := parseSTUN(p)
	if !ok || !m.fingerprinted() {
		return dropMalformed, false
	}
	if m.class() != classRequest {
		return dropUnexpected, m.class() == classIndication && m.method() == methodSend
	}
	if !isRequested(m.method()) {
		return dropUnexpected, false // a request of an unknown method is for nobody to answer (RFC 8489 section 6.3)
	}
	if nonce, _ := m.get(attrNonce); len(nonce) > maxNonce {
		nonce[0] = 0 // no digit: Pion finds it stale at once, and gives another
	}
	e.req.msg = m
	if m.method() == methodBinding || !m.has(attrIntegrity) { // nobody will be authenticated by it
		e.req.paid = e.mayAnswer()
		return dropStranger, e.req.paid
	}
	return 0, true
}

// maxNonce is the longest nonce, in bytes, that may be one of ours: RFC 8489 section 14.10 wants fewer than 128 characters, and ours
// have 25. Pion takes one for a number in base 36. So zeros in front change nothing, and the answer would repeat them, whatever their
// number; and reading it takes the square of its length, from a stranger.
const maxNonce = 128

// isRequested tells the methods that have requests.
func isRequested(method uint16) bool {
	switch method {
	case methodBinding, methodAllocate, methodRefresh, methodCreatePermission, methodChannelBind, methodConnect, methodConnectionBind:
		return true
	}
	return false
}

// mayAnswer tells whether the source of the request under way may have an answer that it need not have asked for. That of a
// connection has.
func (e *entry) mayAnswer() bool {
	return e.stream != nil || e.srv.strangers.may(e.req.from.Addr(), e.srv.ledger.at())
}
