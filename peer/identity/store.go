package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// maxStore are the bytes of a store's file that are read, and maxKnown the identities that it remembers.
	maxStore = 16 << 20
	maxKnown = 20_000
)

// Known is a key that a FileStore remembers.
type Known struct {
	Server   string    `json:"server"`
	Identity string    `json:"identity"`
	Key      PublicKey `json:"key"`
	// Since is when it was first used.
	Since time.Time `json:"since"`
}

// FileStore is a Store in a file of JSON, for FirstUse. It reads the file each time and writes it anew, so that what people change in it
// counts at once. Its methods may be called by many goroutines at once, but not by two programs: of two that learn something at the
// same moment, one may forget it again.
type FileStore struct {
	path string
	mu   sync.Mutex // held while the file is read and written
}

var _ Store = (*FileStore)(nil)

// OpenStore opens a store's file, which need not be there yet: then it is made when there is something to remember. It refuses one that
// others may read or write. The error is an *Error of the reason BadFile, or what the file system says.
func OpenStore(path string) (*FileStore, error) {
	s := &FileStore{path: path}
	_, err := s.read()
	return s, err
}

// Remember is Store's. What cannot be written is not trusted.
func (s *FileStore) Remember(_ context.Context, server, identity string, key PublicKey) (PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.read()
	if err != nil {
		return PublicKey{}, err
	}
	if i := find(all, server, identity); i >= 0 {
		return all[i].Key, nil
	}
	if len(all) >= maxKnown {
		return PublicKey{}, errorf(BadFile, "%s remembers %d keys, as many as it may: forget some", s.path, len(all))
	}
	return key, s.write(append(all, Known{server, identity, key, time.Now().UTC().Truncate(time.Second)}))
}

// All returns what is remembered, in the order in which it was learnt.
func (s *FileStore) All() ([]Known, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()
}

// Forget takes an identity's key out, so that the next one that it shows is trusted. It returns false if there is none. The server is in
// the form of NormalServer, which Forget makes of any.
func (s *FileStore) Forget(server, identity string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.read()
	if err != nil {
		return false, err
	}
	i := find(all, NormalServer(server), identity)
	if i < 0 {
		return false, nil
	}
	return true, s.write(slices.Delete(all, i, i+1))
}

// Replace makes key the one of an identity, whatever it was.
func (s *FileStore) Replace(server, identity string, key PublicKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.read()
	if err != nil {
		return err
	}
	server = NormalServer(server)
	all = slices.DeleteFunc(all, func(k Known) bool { return k.Server == server && k.Identity == identity })
	return s.write(append(all, Known{server, identity, key, time.Now().UTC().Truncate(time.Second)}))
}

func find(all []Known, server, identity string) int {
	return slices.IndexFunc(all, func(k Known) bool { return k.Server == server && k.Identity == identity })
}

// read returns what the file has; nothing if there is none. The caller holds mu, but for OpenStore.
func (s *FileStore) read() ([]Known, error) {
	data, err := readOwn(s.path, maxStore)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := parseStore(data)
	if err != nil {
		return nil, errorf(BadFile, "%s %v", s.path, err)
	}
	return all, nil
}

// storeFile is the file's content.
type storeFile struct {
	Keys []Known `json:"keys"`
}

// parseStore reads a store strictly: a line that is passed over would be a key that is trusted anew.
func parseStore(data []byte) ([]Known, error) {
	var file storeFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, errors.New("is no store of keys")
	}
	if dec.More() {
		return nil, errors.New("has something behind its end")
	}
	seen := map[[2]string]bool{}
	for _, k := range file.Keys {
		if k.Server == "" || k.Identity == "" || k.Key == (PublicKey{}) {
			return nil, errors.New("has an entry without a server, an identity or a key")
		}
		name := [2]string{k.Server, k.Identity}
		if seen[name] {
			return nil, errors.New("has an identity twice")
		}
		seen[name] = true
	}
	return file.Keys, nil
}

// write replaces the file, whole or not at all.
func (s *FileStore) write(all []Known) error {
	data, err := json.MarshalIndent(storeFile{all}, "", "  ")
	if err != nil {
		return errorf(BadFile, "the keys cannot be written: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	temp, err := writeBeside(s.path, append(data, '\n'))
	if err != nil {
		return err
	}
	if err := os.Rename(temp, s.path); err != nil {
		os.Remove(temp)
		return err
	}
	return nil
}
