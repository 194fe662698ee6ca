package files

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"golang.org/x/time/rate"
)

// Sender offers a Bundle to any number of peers at once. All its methods may be called from any goroutine.
type Sender struct {
	offer Offer
	body  []byte        // the offer in JSON
	files []file        // of the entry with the same index
	pace  *rate.Limiter // of what is read of them to be sent; nil is none

	mu         sync.Mutex
	deliveries map[string]*Delivery // the newest to each peer, by its id
}

// file is one that is offered.
type file struct {
	Entry
	source
	sum *running // nil for a folder
}

// NewSender makes a sender with an id of its own. The error is an *Error of CodeBadOffer if the list of files is longer than an offer may be.
func NewSender(b *Bundle) (*Sender, error) {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	s := &Sender{deliveries: make(map[string]*Delivery), pace: newPace(b.Limit)}
	s.offer = Offer{ID: hex.EncodeToString(id[:]), Name: b.Name, Entries: b.Entries}
	for i, e := range b.Entries {
		s.offer.Size += e.Size
		f := file{Entry: e, source: b.sources[i]}
		if !e.Folder {
			f.sum = new(running)
		}
		s.files = append(s.files, f)
	}
	var err error
	if s.body, err = json.Marshal(s.offer); err == nil && len(s.body) > maxOffer {
		err = &Error{Code: CodeBadOffer, Text: "the names of all files together are too long to be offered at once; send fewer, or pack them into one"}
	}
	if err == nil {
		_, err = decodeOffer(s.body) // what nobody would take is not offered
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Offered is what is offered.
func (s *Sender) Offered() Offer { return s.offer }

// Delivery is the offer to one peer.
type Delivery struct {
	sender *Sender
	peer   *peer.Peer
	meter  meter
	slots  chan struct{} // holds a token for each request that reads files

	mu      sync.Mutex
	reached []int64 // of each entry: so many bytes the peer has, or will in a moment
	whole   []bool  // its digest was asked for
}

// maxServed is for how many requests of a peer files are read at a time; the rest wait.
const maxServed = 16

// To prepares to offer it to a peer. Only one delivery to a peer counts: a further one takes the place of the first.
func (s *Sender) To(p *peer.Peer) *Delivery {
	d := &Delivery{
		sender: s, peer: p, slots: make(chan struct{}, maxServed),
		reached: make([]int64, len(s.files)), whole: make([]bool, len(s.files)),
	}
	d.meter.now.Files, d.meter.now.Size = s.offer.Files(), s.offer.Size
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries[p.ID()] = d
	return d
}

// Peer is who it is for.
func (d *Delivery) Peer() *peer.Peer { return d.peer }

// Progress is how far it is, as far as can be told from what the peer asks for.
func (d *Delivery) Progress() Progress { return d.meter.read() }

// retryPause is between two attempts to offer, when a connection was lost.
const retryPause = 500 * time.Millisecond

// Offer offers it, until the peer has all of it and says so. While it runs, Sender.Answer has to be given the peer's requests. When the
// connection is lost it offers again, with another one. The end of ctx takes the offer back.
//
// The error is an *Error if the peer has said it, or what it answered makes no sense; else one of package peer: why ctx or the peer's Context ended.
func (d *Delivery) Offer(ctx context.Context) (Receipt, error) {
	defer d.forget()
	for {
		receipt, err := d.offer(ctx)
		code := peer.Code(err)
		if err == nil || ctx.Err() != nil || d.peer.Context().Err() != nil || code != protocol.CodeConnectionLost && code != protocol.CodeOverflow {
			return receipt, err
		}
		again := time.NewTimer(retryPause)
		select {
		case <-again.C:
		case <-ctx.Done():
		case <-d.peer.Context().Done():
		}
		again.Stop()
	}
}

func (d *Delivery) offer(ctx context.Context) (Receipt, error) {
	var receipt Receipt
	response, err := d.peer.Request(ctx, OfferName, bytes.NewReader(d.sender.body))
	if refused, ok := errors.AsType[*peer.RequestError](err); ok {
		return receipt, &Error{Code: Code(refused.Code), Text: refused.Message, Remote: true}
	}
	if err != nil {
		return receipt, err
	}
	defer response.Body.Close()
	raw, err := readAll(response.Body, maxReceipt)
	if err != nil {
		return receipt, err
	}
	if json.Unmarshal(raw, &receipt) != nil {
		return receipt, &Error{Code: CodeBadOffer, Text: "the answer makes no sense", Remote: true}
	}
	d.meter.set(func(p *Progress) { p.Done, p.FilesDone = p.Size, p.Files })
	return receipt, nil
}

// forget ends the right to ask.
func (d *Delivery) forget() {
	d.sender.mu.Lock()
	defer d.sender.mu.Unlock()
	if d.sender.deliveries[d.peer.ID()] == d {
		delete(d.sender.deliveries, d.peer.ID())
	}
}

// moved notes that bytes of a file from at on were given to the peer, which so has those before them.
func (d *Delivery) moved(index int, at int64, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	more := max(0, at+int64(n)-d.reached[index])
	d.reached[index] += more
	d.meter.add(more, int64(n))
}

// done notes that the peer has all of a file: it has asked for the digest.
func (d *Delivery) done(index int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	more := d.sender.files[index].Size - d.reached[index]
	d.reached[index] += more
	d.meter.add(more, 0)
	if !d.whole[index] {
		d.whole[index] = true
		d.meter.set(func(p *Progress) { p.FilesDone++ })
	}
}
