package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	pemType    = "PRIVATE KEY"
	maxKeyFile = 64 << 10 // bytes: what is larger is no key file
)

// OpenKeyFile reads the key that a file holds, and makes both if there is no such file: PKCS #8 in PEM (RFC 5958, RFC 7468), which other
// tools read as well, and which its owner alone may read. Folders that are missing are made, too. It refuses a file that others may
// read, because then the key in it is theirs as well; on Windows, where the mode of a file does not say it, that is left to the folder.
//
// The error is an *Error of the reason BadFile, or what the file system says.
func OpenKeyFile(path string) (*Key, error) {
	key, err := readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	made := NewKey()
	der, err := x509.MarshalPKCS8PrivateKey(made.private)
	if err != nil {
		return nil, errorf(BadFile, "the new key cannot be written: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	err = writeNew(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
	if errors.Is(err, fs.ErrExist) { // another program was faster: the identity is its key
		return readKeyFile(path)
	}
	if err != nil {
		return nil, err
	}
	return made, nil
}

func readKeyFile(path string) (*Key, error) {
	data, err := readOwn(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != pemType {
		return nil, errorf(BadFile, "%s holds no private key: it should begin with -----BEGIN %s-----", path, pemType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errorf(BadFile, "the key in %s cannot be read", path)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errorf(BadFile, "the key in %s is not of Ed25519", path)
	}
	return newKey(private), nil
}

// readOwn reads a file of at most so many bytes that nobody but its owner may read or write.
func readOwn(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat() // of the file that is read, not of whatever has the name by then
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errorf(BadFile, "%s is no file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, errorf(BadFile, "others may read %s (mode %04o): say `chmod 600` if nobody has, and make another key if somebody may have",
			path, info.Mode().Perm())
	case info.Size() > most:
		return nil, errorf(BadFile, "%s has %d bytes, and at most %d are read", path, info.Size(), most)
	}
	data := make([]byte, info.Size())
	n, err := f.ReadAt(data, 0)
	if n < len(data) {
		return nil, err
	}
	return data, nil
}

// writeNew makes a file whole or not at all, and never in the place of one that is there.
func writeNew(path string, data []byte) error {
	temp, err := writeBeside(path, data)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	return os.Link(temp, path)
}

// writeBeside writes a file of another name into the folder of path, for its owner alone, and returns that name.
func writeBeside(path string, data []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".beckon-*") // has the mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
