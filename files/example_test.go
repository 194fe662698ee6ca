package files_test

import (
	"context"
	"fmt"

	"github.com/beckon-rtc/beckon/files"
	"github.com/beckon-rtc/beckon/peer"
)

// Two folders are offered to the next peer that comes; what it has already, from a time before, is not sent again.
func ExampleSender() {
	var room *peer.Room // of peer.Join
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // takes back what is still on offer
	bundle, err := files.Collect("holiday", "notes")
	if err != nil {
		fmt.Println(err) // a line for each file that cannot be read
		return
	}
	sender, err := files.NewSender(bundle)
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		for {
			r, err := room.AcceptRequest(ctx)
			if err != nil {
				return
			}
			go func() {
				if !sender.Answer(ctx, r) {
					r.Fail(ctx, "no-such-request", "this program sends files")
				}
			}()
		}
	}()
	p, err := room.Accept(ctx)
	if err != nil {
		return
	}
	receipt, err := sender.To(p).Offer(ctx)
	switch files.CodeOf(err) {
	case files.CodeDeclined:
		fmt.Println("it is not wanted")
	case "":
		fmt.Println(receipt.Bytes, "bytes have arrived,", receipt.Received, "of them now:", err)
	}
}

// The first offer is received, over as many connections as it takes.
func ExampleIncoming() {
	var room *peer.Room // of peer.Join
	ctx := context.Background()
	var incoming *files.Incoming
	for {
		r, err := room.AcceptRequest(ctx)
		if err != nil {
			return // the room has ended
		}
		if r.Name() != files.OfferName {
			r.Fail(ctx, "no-such-request", "this program receives files")
			continue
		}
		proposal, err := files.ReadProposal(ctx, r)
		if err != nil {
			continue // the sender has been told
		}
		if incoming == nil {
			if incoming, err = files.NewIncoming(proposal.Offer, files.Target{Dir: "downloads"}); err != nil {
				proposal.Decline(ctx, "there is no place for it")
				return
			}
			defer incoming.Close()
		}
		receipt, err := incoming.Fetch(ctx, proposal)
		if files.CodeOf(err) != "" {
			fmt.Println(err) // that is the end of it
			return
		}
		if err == nil {
			fmt.Println(receipt.Files, "files are in downloads")
			return
		} // else the connection was lost, and the sender offers again
	}
}
