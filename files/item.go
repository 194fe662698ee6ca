package files

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
)

// item is a file of an Incoming. One lane at a time has it.
type item struct {
	Entry
	index   int
	done    bool   // it is in its place
	looked  bool   // missing is known
	missing []span // bytes that the part has not, in order
	sum     running
}

// span is bytes of a file, without to.
type span struct{ from, to int64 }

// have is how many bytes are there.
func (it *item) have() int64 {
	n := it.Size
	for _, s := range it.missing {
		n -= s.to - s.from
	}
	return n
}

// lack adds bytes at the end of those that are missing.
func (it *item) lack(from, to int64) {
	if n := len(it.missing); n > 0 && it.missing[n-1].to == from {
		it.missing[n-1].to = to
	} else if from < to {
		it.missing = append(it.missing, span{from, to})
	}
}

// compare reads the hashes of the first count blocks from theirs, and notes which of the part's blocks are others. Those that are right go
// into the digest, as far as they are in order.
func (it *item) compare(ctx context.Context, part io.ReaderAt, theirs io.Reader, block, count int64) error {
	buf := make([]byte, min(block, it.Size))
	var want [sha256.Size]byte
	for i := range count {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if _, err := io.ReadFull(theirs, want[:]); err != nil {
			return err
		}
		from := i * block
		to := min(from+block, it.Size)
		if _, err := part.ReadAt(buf[:to-from], from); err != nil {
			return err
		}
		if sha256.Sum256(buf[:to-from]) == want {
			it.sum.feed(from, buf[:to-from])
		} else {
			it.lack(from, to)
		}
	}
	it.lack(min(count*block, it.Size), it.Size)
	return nil
}

// wrote notes that the next bytes of the first span are there.
func (it *item) wrote(b []byte) {
	s := &it.missing[0]
	it.sum.feed(s.from, b)
	s.from += int64(len(b))
	if s.from == s.to {
		it.missing = slices.Delete(it.missing, 0, 1)
	}
}

// openPart opens what there is of a file, to go on with it, and tells how long it is. More than the file has is cut off, if claim agrees.
func openPart(root *os.Root, path string, size int64, claim func(fs.FileInfo) error) (*os.File, int64, error) {
	if info, err := root.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, 0, errors.New(path + " is in the way, and is no file")
	}
	f, err := root.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil {
		err = claim(info)
	}
	if err == nil && info.Size() > size {
		err = f.Truncate(size)
	}
	if err != nil {
		return nil, 0, cmp.Or(err, f.Close())
	}
	return f, min(info.Size(), size), nil
}
