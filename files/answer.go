package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/beckon-rtc/beckon/peer"
)

// Answer answers a request if it is one about offered files, and tells whether it is. It returns when the answer has been taken; so give
// each request a goroutine. ctx bounds it. Who was not offered anything is told so; what goes wrong with a file is the peer's to say,
// which fails the offer with it.
func (s *Sender) Answer(ctx context.Context, r *peer.Request) bool {
	if !strings.HasPrefix(r.Name(), prefix) {
		return false
	}
	err := s.answer(ctx, r)
	if said, ok := errors.AsType[*Error](err); ok {
		_ = r.Fail(ctx, string(said.Code), said.Text) // who does not hear it has gone
	}
	return true
}

// answer returns an *Error that the peer is to be told, or any other if it has gone.
func (s *Sender) answer(ctx context.Context, r *peer.Request) error {
	switch r.Name() {
	case blocksName, hashesName, digestName:
	case OfferName:
		return &Error{Code: CodeDeclined, Text: "this side sends, and takes nothing"}
	default:
		return &Error{Code: CodeNoSuchAction, Text: "there is no such request"}
	}
	raw, err := readAll(r, maxQuestion)
	if err != nil {
		return err
	}
	q, err := decodeQuestion(raw)
	if err != nil {
		return err
	}
	d := s.delivery(r.Peer(), q.ID)
	switch {
	case d == nil:
		return &Error{Code: CodeNoSuchOffer, Text: "this is not on offer"}
	case q.File < 0 || q.File >= len(s.files) || s.files[q.File].Folder:
		return &Error{Code: CodeNoSuchFile, Text: "there is no such file in the offer"}
	}
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-r.Context().Done():
		return context.Cause(r.Context())
	case <-ctx.Done():
		return ctx.Err()
	}
	f := &s.files[q.File]
	opened, err := f.openUnchanged()
	if err != nil {
		return err
	}
	defer opened.Close()
	switch r.Name() {
	case blocksName:
		if err := q.checkRange(f.Size); err != nil {
			return err
		}
		return r.Respond(ctx, &blocks{ctx: r.Context(), delivery: d, index: q.File, file: opened, at: q.From, to: q.To})
	case hashesName:
		if err := q.checkBlocks(f.Size); err != nil {
			return err
		}
		return r.Respond(ctx, &hashes{sum: f.sum, file: opened, size: f.Size, block: q.Block, left: q.Count})
	}
	digest, err := f.sum.finish(r.Context(), opened, f.Size)
	if err != nil {
		return unreadable(err)
	}
	if err := f.unchanged(opened); err != nil { // while it was read
		return err
	}
	d.done(q.File)
	return r.Respond(ctx, bytes.NewReader(digest))
}

// delivery is the open offer that the peer asks about.
func (s *Sender) delivery(p *peer.Peer, id string) *Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != s.offer.ID {
		return nil
	}
	return s.deliveries[p.ID()]
}

// openUnchanged opens a file if it is the one that is offered.
func (f *file) openUnchanged() (*os.File, error) {
	opened, err := f.open()
	if err != nil {
		return nil, unreadable(err)
	}
	if err := f.unchanged(opened); err != nil {
		_ = opened.Close()
		return nil, err
	}
	return opened, nil
}

func (f *file) unchanged(opened *os.File) error {
	info, err := opened.Stat()
	if err != nil {
		return unreadable(err)
	}
	if info.Size() != f.Size || info.ModTime().UnixMilli() != *f.Modified {
		return &Error{Code: CodeChanged, Text: "it has changed since it was offered"}
	}
	return nil
}

// unreadable says why, but not where: the other side has no business with this side's folders.
func unreadable(err error) error {
	if errors.Is(err, io.EOF) {
		return &Error{Code: CodeChanged, Text: "it has become shorter since it was offered", cause: err}
	}
	text := err.Error()
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		text = cause.Err.Error()
	}
	return &Error{Code: CodeUnreadable, Text: text, cause: err}
}

// blocks are the bytes of a file, and count themselves.
type blocks struct {
	ctx      context.Context // of the request, which bounds the wait for the sender's pace
	delivery *Delivery
	index    int
	file     *os.File
	at, to   int64
}

func (b *blocks) Read(p []byte) (int, error) {
	if b.at == b.to {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.to-b.at, maxPiece)]
	if err := keepTo(b.ctx, b.delivery.sender.pace, len(p)); err != nil {
		return 0, err
	}
	n, err := b.file.ReadAt(p, b.at)
	if n > 0 { // what is behind it may have gone: that is told by the next Read
		b.delivery.sender.files[b.index].sum.feed(b.at, p[:n])
		b.delivery.moved(b.index, b.at, n)
		b.at += int64(n)
		return n, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return 0, err
}

// hashes are the hashes of a file's blocks, each made when it is asked for.
type hashes struct {
	sum         *running
	file        *os.File
	size        int64
	block, left int64
	at          int64
	buf, rest   []byte
}

func (h *hashes) Read(p []byte) (int, error) {
	if len(h.rest) == 0 {
		if h.left == 0 {
			return 0, io.EOF
		}
		if h.buf == nil {
			h.buf = make([]byte, min(h.block, h.size))
		}
		block := h.buf[:min(h.block, h.size-h.at)]
		if _, err := h.file.ReadAt(block, h.at); err != nil {
			return 0, err
		}
		h.sum.feed(h.at, block)
		sum := sha256.Sum256(block)
		h.rest = sum[:]
		h.at += int64(len(block))
		h.left--
	}
	n := copy(p, h.rest)
	h.rest = h.rest[n:]
	return n, nil
}
