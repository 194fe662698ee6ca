package files

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"golang.org/x/time/rate"
)

// Existing says what becomes of files that are there under a name that is offered, and are others. The same ones are left as they are.
type Existing int

// What may become of them.
const (
	// Refuse fetches nothing at all: an *Error of CodeExists names what is there.
	Refuse Existing = iota
	// Overwrite puts the new file in the place of the old one, once it is whole.
	Overwrite
	// Rename puts it beside the old one: "name (2).txt".
	Rename
)

// Target is where to put what is received. The zero value is the working directory, and replaces nothing.
type Target struct {
	// Dir is the folder that nothing leaves; it is made if it is not there. "" is the working directory.
	Dir string
	// Existing says what becomes of files that are there already.
	Existing Existing
	// Limit is how many bytes of files are taken a second at most; 0 is no limit. What is on its way when it is reached, a few hundred
	// kilobytes, waits on this side.
	Limit int64
}

// Incoming is an offer as it is being received. It outlives connections: Fetch may be called again, and goes on where it was. All its
// methods may be called from any goroutine. Close must be called.
type Incoming struct {
	offer  Offer
	target Target
	root   *os.Root
	space  func(dir string) (free uint64, known bool)
	meter  meter
	pace   *rate.Limiter // of Target.Limit; nil is none

	fetching chan struct{} // holds a token while Fetch runs: all below, and the items, are its
	items    []*item       // the files, in the order of the entries
	prepared bool          // what is there has been looked at, and it fits
	received atomic.Int64  // bytes

	names *names
}

// NewIncoming prepares to receive an offer. Nothing is written yet, but that Dir is made.
func NewIncoming(o Offer, t Target) (*Incoming, error) {
	if t.Dir == "" {
		t.Dir = "."
	}
	if err := os.MkdirAll(t.Dir, 0o777); err != nil {
		return nil, &Error{Code: CodeWriteFailed, Path: t.Dir, Text: reason(err), cause: err}
	}
	root, err := os.OpenRoot(t.Dir)
	if err != nil {
		return nil, &Error{Code: CodeWriteFailed, Path: t.Dir, Text: reason(err), cause: err}
	}
	in := &Incoming{offer: o, target: t, root: root, space: freeSpace, pace: newPace(t.Limit), fetching: make(chan struct{}, 1), names: newNames(root, o.Entries)}
	for i, e := range o.Entries {
		if !e.Folder {
			in.items = append(in.items, &item{Entry: e, index: i})
		}
	}
	in.meter.now.Files, in.meter.now.Size = len(in.items), o.Size
	return in, nil
}

// Close lets go of the folder. What is there of files that are not whole stays, to go on with.
func (in *Incoming) Close() error { return in.root.Close() }

// Progress is how far it is. Done grows while what is there already is being looked at, too.
func (in *Incoming) Progress() Progress { return in.meter.read() }

// Renamed are the files that were put under another name, and which: with the Target's Rename alone. It is of use after Fetch.
func (in *Incoming) Renamed() map[string]string { return in.names.renamed() }

// Fetch fetches what is missing and answers the proposal, which has to be this offer's. It returns when the sender knows.
//
// An *Error is the end of it, and was said to the sender; an error of package peer means that the connection was lost, and that the next
// proposal of the same offer goes on. ctx gives up, which the sender is told, too.
func (in *Incoming) Fetch(ctx context.Context, p *Proposal) (Receipt, error) {
	select {
	case in.fetching <- struct{}{}:
		defer func() { <-in.fetching }()
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	}
	run, end := context.WithCancelCause(ctx)
	defer end(nil)
	stop := context.AfterFunc(p.Context(), func() { end(context.Cause(p.Context())) })
	defer stop()
	err := in.fetch(run, p)
	receipt := Receipt{Files: len(in.items), Bytes: in.offer.Size, Received: in.received.Load()}
	if err == nil {
		stop()
		return receipt, p.accept(ctx, receipt)
	}
	err = in.why(ctx, p, err)
	if said, ok := errors.AsType[*Error](err); ok && p.Context().Err() == nil {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), settling)
		_ = p.request.Fail(last, string(said.Code), said.said()) // who does not hear it has gone
		done()
	}
	return receipt, err
}

// settling is how long the end of an offer may come after that of what was asked about it, and how long its sender may take to hear ours.
const settling = 2 * time.Second

// why makes of the first thing that went wrong what it means.
func (in *Incoming) why(ctx context.Context, p *Proposal, err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Remote {
		// A sender that takes its offer back answers no questions any more, which may be heard first.
		wait := time.NewTimer(settling)
		select {
		case <-wait.C:
		case <-p.Context().Done():
		case <-ctx.Done():
		}
		wait.Stop()
	}
	switch gone := context.Cause(p.Context()); {
	case ctx.Err() != nil:
		return &Error{Code: CodeCancelled, Text: "the receiver has given up", cause: ctx.Err()}
	case gone == nil:
		return err
	case peer.Code(gone) == protocol.CodeAborted:
		return &Error{Code: CodeCancelled, Text: "the sender has taken it back", Remote: true, cause: gone}
	default:
		return gone
	}
}

func (in *Incoming) fetch(ctx context.Context, p *Proposal) error {
	if p.Offer.ID != in.offer.ID || !reflect.DeepEqual(p.Offer.Entries, in.offer.Entries) {
		return &Error{Code: CodeBadOffer, Text: "this id was another offer's"}
	}
	if !in.prepared {
		if err := in.prepare(ctx, p.Peer()); err != nil {
			return err
		}
		in.prepared = true
	}
	return in.each(ctx, func(ctx context.Context, it *item) error {
		if it.done {
			return nil
		}
		return in.fetchFile(ctx, p.Peer(), it)
	})
}

// The bounds of what is under way at a time. A small file asks two things at once, and a peer keeps 64 requests that nobody has accepted.
const (
	lanes     = 24
	wideLanes = 4 // of them, for files that are not small: each writes to a part of its own
	small     = 64 << 10
)

// each runs do for all files, several at a time, until the first error, which it returns when all have ended.
func (in *Incoming) each(ctx context.Context, do func(context.Context, *item) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var all sync.WaitGroup
	slots, wide := make(chan struct{}, lanes), make(chan struct{}, wideLanes)
	for _, it := range in.items {
		if it.Size > small {
			wide <- struct{}{}
		}
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			if err := do(ctx, it); err != nil {
				end(err)
			}
			<-slots
			if it.Size > small {
				<-wide
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// plural joins names for a sentence.
func plural(paths []string) string {
	const most = 5
	if len(paths) > most {
		return strings.Join(paths[:most], ", ") + " and more"
	}
	return strings.Join(paths, ", ")
}
