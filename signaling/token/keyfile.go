package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// KeyFile is a key set in a file, which Reload reads again. All its methods may be called by many goroutines at once.
type KeyFile struct {
	path string
	set  atomic.Pointer[KeySet]
}

var _ Keys = (*KeyFile)(nil)

// OpenKeyFile reads a key file. The error says what is wrong with the file, and in which key.
func OpenKeyFile(path string) (*KeyFile, error) {
	f := &KeyFile{path: path}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Reload reads the file again: a process does so at SIGHUP. All of the new set counts from then on, or, with an error, all of the
// old one.
func (f *KeyFile) Reload() error {
	data, err := readFile(f.path)
	if err != nil {
		return fmt.Errorf("token: key file: %w", err)
	}
	set, err := ParseKeySet(data)
	if refused, ok := errors.AsType[*Error](err); ok {
		return errorf(refused.Code, "key file %s: %s", f.path, refused.Text)
	}
	f.set.Store(set)
	return nil
}

// Set returns the keys as they are now.
func (f *KeyFile) Set() *KeySet { return f.set.Load() }

// Key returns the key with that `kid`. It never waits, and its only error is UnknownKey.
func (f *KeyFile) Key(ctx context.Context, id string) (Key, error) { return f.Set().Key(ctx, id) }

// readFile reads no more than a key set may have, so that a wrong path (a disk, a log) does not fill the memory.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxKeySet+1))
}
