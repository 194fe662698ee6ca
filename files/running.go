package files

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"sync"
)

// running is the SHA-256 of a file, made of bytes that go by anyway as long as they come in order; what has not come by is read at the end.
// So a file of a hundred gigabytes is not read twice, and nobody waits for its digest after the last byte.
type running struct {
	mu  sync.Mutex
	sum hash.Hash // nil before the first byte
	at  int64     // so many bytes are in it
}

// feed takes bytes that stand at from. What is not the next is passed over, and so is everything while finish reads.
func (r *running) feed(from int64, b []byte) {
	if !r.mu.TryLock() {
		return
	}
	defer r.mu.Unlock()
	r.add(from, b)
}

// add needs mu.
func (r *running) add(from int64, b []byte) {
	if r.sum == nil {
		r.sum = sha256.New()
	}
	if skip := r.at - from; skip >= 0 && skip < int64(len(b)) {
		r.sum.Write(b[skip:])
		r.at += int64(len(b)) - skip
	}
}

// finish returns the SHA-256 of the first size bytes of f, which are all. It may be called again.
func (r *running) finish(ctx context.Context, f io.ReaderAt, size int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sum == nil {
		r.sum = sha256.New()
	}
	var buf []byte
	for r.at < size {
		if buf == nil {
			buf = make([]byte, min(1<<20, size-r.at))
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		part := buf[:min(int64(len(buf)), size-r.at)]
		if _, err := f.ReadAt(part, r.at); err != nil {
			return nil, err
		}
		r.add(r.at, part)
	}
	return r.sum.Sum(nil), nil
}
