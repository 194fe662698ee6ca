package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/beckon-rtc/beckon/peer"
)

// prepare looks at what is there, before anything is written: what stands in the way, which files are there already, and whether the rest
// fits.
func (in *Incoming) prepare(ctx context.Context, p *peer.Peer) error {
	for _, e := range in.offer.Entries {
		if err := in.names.checkWay(e.Path); err != nil {
			return in.failed(e.Path, err)
		}
		if !e.Folder {
			continue
		}
		if err := in.names.checkWay(e.Path + "/"); err != nil {
			return in.failed(e.Path, err)
		}
	}
	var mu sync.Mutex
	var others []string
	err := in.each(ctx, func(ctx context.Context, it *item) error {
		if it.done {
			return nil
		}
		other, err := in.look(ctx, p, it)
		if other {
			mu.Lock()
			others = append(others, it.Path)
			mu.Unlock()
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(others) > 0 && in.target.Existing == Refuse {
		slices.Sort(others)
		return &Error{Code: CodeExists, Path: plural(others), Text: "another file of that name is there"}
	}
	if err := in.checkSpace(); err != nil {
		return err
	}
	for _, e := range in.offer.Entries {
		if e.Folder {
			if err := in.names.folder(e.Path); err != nil {
				return in.failed(e.Path, err)
			}
		}
	}
	return nil
}

// look finds out whether a file is there already, and tells whether another one is.
func (in *Incoming) look(ctx context.Context, p *peer.Peer, it *item) (other bool, err error) {
	var theirs []byte
	for at, k := it.Path, 2; ; k++ {
		info, err := in.names.there(at)
		if err != nil {
			return false, in.failed(at, err)
		}
		if info == nil {
			return other, nil
		}
		if info.Size() == it.Size {
			if theirs == nil && it.Size > 0 {
				if theirs, err = in.askDigest(ctx, p, it); err != nil {
					return false, err
				}
			}
			same, err := in.same(ctx, at, it, theirs)
			if err != nil {
				return false, err
			}
			if same {
				in.finished(it)
				in.meter.add(it.Size, 0)
				if at != it.Path {
					in.names.rename(it.Path, at)
				}
				_ = in.root.Remove(in.names.part(it.Path)) // one that was left behind between its two names
				return false, nil
			}
		}
		other = true
		if in.target.Existing != Rename {
			return true, nil
		}
		at = beside(it.Path, k) // which may be it, from last time
	}
}

// same tells whether the file that is there has that digest.
func (in *Incoming) same(ctx context.Context, at string, it *item, theirs []byte) (bool, error) {
	if it.Size == 0 {
		return true, nil
	}
	f, err := in.root.Open(at)
	if err != nil {
		return false, in.failed(at, err)
	}
	defer f.Close()
	var sum running
	ours, err := sum.finish(ctx, f, it.Size)
	if err != nil {
		return false, in.failed(at, err)
	}
	return string(ours) == string(theirs), nil
}

// checkSpace refuses what does not fit beside the parts that are there.
func (in *Incoming) checkSpace() error {
	free, known := in.space(in.target.Dir)
	if !known {
		return nil
	}
	var need uint64
	for _, it := range in.items {
		if it.done {
			continue
		}
		need += uint64(it.Size)
		if info, err := in.root.Lstat(in.names.part(it.Path)); err == nil && info.Mode().IsRegular() {
			need -= uint64(min(info.Size(), it.Size))
		}
	}
	if need > free {
		return &Error{Code: CodeNoRoom, Text: fmt.Sprintf("%d bytes are needed, and %d are free", need, free)}
	}
	return nil
}

// failed is what the file system says, as this package does. What is no error of it stays as it is.
func (in *Incoming) failed(p string, err error) error {
	if _, ours := errors.AsType[*Error](err); ours || peer.Code(err) != "" || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &Error{Code: CodeWriteFailed, Path: p, Text: reason(err), cause: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Code = CodeNoRoom
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Text = "it has become shorter meanwhile"
	}
	return e
}

// reason is an error of the file system without the names of files of this side.
func reason(err error) string {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return cause.Err.Error()
	}
	if cause, ok := errors.AsType[*os.LinkError](err); ok {
		return cause.Err.Error()
	}
	return err.Error()
}

// finished notes that a file is in its place.
func (in *Incoming) finished(it *item) {
	it.done = true
	in.meter.set(func(p *Progress) { p.FilesDone++ })
}
