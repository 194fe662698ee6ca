// Package files sends files and folders from peer to peer: checked by SHA-256, never outside of the folder that the receiver has chosen, and
// going on where it was after whatever ended it. It uses nothing of package peer but what is public; the wire is specified in README.md.
//
// The side that has the files collects them, offers them to whomever it likes, and answers what is asked about them:
//
//	bundle, err := files.Collect("holiday", "notes.txt")
//	sender, err := files.NewSender(bundle)
//	go func() { for { r, err := room.AcceptRequest(ctx); …; go sender.Answer(ctx, r) } }()
//	receipt, err := sender.To(p).Offer(ctx)                   // when p has all of it
//
// The other side takes the request with an offer, and fetches what is in it:
//
//	r, err := room.AcceptRequest(ctx)                         // of the name OfferName
//	proposal, err := files.ReadProposal(ctx, r)               // proposal.Offer says what there is
//	incoming, err := files.NewIncoming(proposal.Offer, files.Target{Dir: "downloads"})
//	receipt, err := incoming.Fetch(ctx, proposal)             // or proposal.Decline
//
// How far it is can be read at any time: [Delivery.Progress], [Incoming.Progress]. What goes wrong is an [*Error] with a [Code], or an error
// of package peer: then the connection was lost, and the transfer goes on with the next offer.
//
// # Goroutines
//
//	goroutine          one per                 owns                             ends
//	(lanes)            Fetch, up to 24         a file at a time                 before Fetch returns
//	(digest)           small file in a lane    asking for its digest            before the lane goes on
package files
