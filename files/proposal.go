package files

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/beckon-rtc/beckon/peer"
)

// Proposal is an offer that has come, and waits for an answer: by Incoming.Fetch, or by Decline.
type Proposal struct {
	// Offer is what there is. Its texts are another machine's: show them without control characters.
	Offer Offer

	request *peer.Request
}

// ReadProposal reads the offer of a request, of the name OfferName, and checks all of it. If it returns an error it has failed the request
// with that.
func ReadProposal(ctx context.Context, r *peer.Request) (*Proposal, error) {
	if r.Name() != OfferName {
		err := &Error{Code: CodeNoSuchAction, Text: "this is no offer"}
		_ = r.Fail(ctx, string(err.Code), err.Text) // who does not hear it has gone
		return nil, err
	}
	raw, err := readAll(r, maxOffer)
	var o *Offer
	if err == nil {
		o, err = decodeOffer(raw)
	}
	if err != nil {
		if said, ok := errors.AsType[*Error](err); ok {
			_ = r.Fail(ctx, string(said.Code), said.said())
		}
		return nil, err
	}
	return &Proposal{*o, r}, nil
}

// Peer is who offers.
func (p *Proposal) Peer() *peer.Peer { return p.request.Peer() }

// Context ends when the sender takes the offer back, its connection is lost, or it has been answered.
func (p *Proposal) Context() context.Context { return p.request.Context() }

// Decline answers that it is not wanted. text is for people.
func (p *Proposal) Decline(ctx context.Context, text string) error {
	return p.request.Fail(ctx, string(CodeDeclined), text)
}

func (p *Proposal) accept(ctx context.Context, receipt Receipt) error {
	raw, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	return p.request.Respond(ctx, bytes.NewReader(raw))
}
