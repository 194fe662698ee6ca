package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// fetchFile fetches what is missing of a file, checks all of it, and puts it in its place.
func (in *Incoming) fetchFile(ctx context.Context, p *peer.Peer, it *item) error {
	if err := in.names.folder(path.Dir(it.Path)); err != nil {
		return in.failed(it.Path, err)
	}
	part := in.names.part(it.Path)
	defer in.names.release(it.Path)
	f, length, err := openPart(in.root, part, it.Size, func(info fs.FileInfo) error { return in.names.claim(it.Path, info) })
	if err != nil {
		return in.failed(it.Path, err)
	}
	closed := false
	defer func() {
		if !closed {
			_ = f.Close() // what it has not got is fetched again
		}
	}()
	if !it.looked {
		if err := in.lookAtPart(ctx, p, it, f, length); err != nil {
			return in.failed(it.Path, err)
		}
	}
	theirs, err := in.fetchBytes(ctx, p, it, f)
	if err != nil {
		return in.failed(it.Path, err)
	}
	ours, err := it.sum.finish(ctx, f, it.Size)
	if err != nil {
		return in.failed(it.Path, err)
	}
	if !bytes.Equal(ours, theirs) {
		it.looked, it.missing, it.sum = false, nil, running{} // which of it is wrong is found out next time
		return &Error{Code: CodeWrongDigest, Path: it.Path, Text: "what has come is not what the sender has"}
	}
	closed = true
	if err := f.Close(); err != nil {
		return in.failed(it.Path, err)
	}
	if it.Modified != nil {
		t := time.UnixMilli(*it.Modified)
		_ = in.root.Chtimes(part, t, t) // some file systems cannot, and the file is as good
	}
	if err := in.names.place(part, it.Path, in.target.Existing); err != nil {
		return in.failed(it.Path, err)
	}
	in.finished(it)
	return nil
}

// lookAtPart finds out what of a part is right.
func (in *Incoming) lookAtPart(ctx context.Context, p *peer.Peer, it *item, f *os.File, length int64) error {
	block := blockOf(it.Size)
	count := length / block
	if length == it.Size {
		count = (length + block - 1) / block
	}
	it.missing = nil
	if count > 0 {
		body, err := in.ask(ctx, p, it, hashesName, question{Block: block, Count: count})
		if err != nil {
			return err
		}
		defer body.Close()
		if err := it.compare(ctx, f, body, block, count); err != nil {
			return err
		}
	} else {
		it.lack(0, it.Size)
	}
	it.looked = true
	in.meter.add(it.have(), 0)
	return nil
}

// fetchBytes fetches the spans that are missing, and the digest: at once if the file is small, so that it costs one round trip.
func (in *Incoming) fetchBytes(ctx context.Context, p *peer.Peer, it *item, f *os.File) ([]byte, error) {
	if it.Size == 0 {
		none := sha256.Sum256(nil)
		return none[:], nil
	}
	if it.Size > small {
		if err := in.fetchSpans(ctx, p, it, f); err != nil {
			return nil, err
		}
		return in.askDigest(ctx, p, it)
	}
	ctx, end := context.WithCancel(ctx)
	type answer struct {
		digest []byte
		err    error
	}
	asked := make(chan answer, 1)
	go func() {
		digest, err := in.askDigest(ctx, p, it)
		asked <- answer{digest, err}
	}()
	err := in.fetchSpans(ctx, p, it, f)
	if err != nil {
		end()
	}
	a := <-asked
	end()
	if err == nil {
		err = a.err
	}
	return a.digest, err
}

// fetchSpans fetches all that is missing. An answer that breaks off although the connection lives is asked for once more, from where it
// is: the sender could not read on, and says why then.
func (in *Incoming) fetchSpans(ctx context.Context, p *peer.Peer, it *item, f *os.File) error {
	broken := int64(-1)
	for len(it.missing) > 0 {
		at := it.missing[0]
		err := in.fetchSpan(ctx, p, it, f, at)
		if err == nil {
			continue
		}
		if ctx.Err() != nil || peer.Code(err) != protocol.CodeAborted {
			return err
		}
		if len(it.missing) == 0 || it.missing[0].from == broken {
			return &Error{Code: CodeUnreadable, Path: it.Path, Text: "the sender cannot send all of it", Remote: true, cause: err}
		}
		broken = it.missing[0].from
	}
	return nil
}

// fetchSpan writes what comes, and not a byte more than was asked for.
func (in *Incoming) fetchSpan(ctx context.Context, p *peer.Peer, it *item, f *os.File, s span) error {
	body, err := in.ask(ctx, p, it, blocksName, question{From: s.from, To: s.to})
	if err != nil {
		return err
	}
	defer body.Close()
	buf := make([]byte, min(s.to-s.from, maxPiece))
	for at := s.from; at < s.to; {
		n, err := body.Read(buf[:min(int64(len(buf)), s.to-at)])
		if n > 0 {
			if _, err := f.WriteAt(buf[:n], at); err != nil {
				return err
			}
			at += int64(n)
			it.wrote(buf[:n])
			in.count(int64(n))
			// The sender notices as of any slow reader: nothing more of this goes out when enough is on its way.
			if err := keepTo(ctx, in.pace, n); err != nil {
				return err
			}
		}
		if err == io.EOF && at < s.to {
			return &Error{Code: CodeBadRange, Path: it.Path, Text: "less has come than was asked for"}
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
	if n, _ := body.Read(buf[:1]); n > 0 {
		return &Error{Code: CodeBadRange, Path: it.Path, Text: "more has come than was asked for"}
	}
	return nil
}

func (in *Incoming) count(n int64) {
	in.meter.add(n, n)
	in.received.Add(n)
}

// askDigest asks for the SHA-256 of a file.
func (in *Incoming) askDigest(ctx context.Context, p *peer.Peer, it *item) ([]byte, error) {
	body, err := in.ask(ctx, p, it, digestName, question{})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	digest, err := readAll(body, sha256.Size)
	if _, long := errors.AsType[*Error](err); long || err == nil && len(digest) != sha256.Size {
		return nil, &Error{Code: CodeWrongDigest, Path: it.Path, Text: "the sender's digest has not 32 bytes"}
	}
	return digest, err
}

// overflowPause is before a question is asked again that the sender had no place for.
const overflowPause = 100 * time.Millisecond

// ask asks the sender about a file. What that says instead of an answer is an *Error.
func (in *Incoming) ask(ctx context.Context, p *peer.Peer, it *item, name string, q question) (io.ReadCloser, error) {
	q.ID, q.File = in.offer.ID, it.index
	for {
		response, err := p.Request(ctx, name, bytes.NewReader(q.encode()))
		if err == nil {
			return response.Body, nil
		}
		if said, ok := errors.AsType[*peer.RequestError](err); ok {
			return nil, &Error{Code: Code(said.Code), Path: it.Path, Text: said.Message, Remote: true}
		}
		if peer.Code(err) != protocol.CodeOverflow {
			return nil, err
		}
		again := time.NewTimer(overflowPause)
		select {
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
	}
}
