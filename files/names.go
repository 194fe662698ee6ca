package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

// maxExt is how many bytes what is behind the last dot has, to be a kind of file.
const maxExt = 20

// partSuffix is what the name of a file ends with while it is not whole.
const partSuffix = ".beckon-part"

// names is where files are put: their parts, their final names, and the folders on the way.
type names struct {
	root  *os.Root
	taken map[string]bool // what is offered, in small letters

	mu     sync.Mutex
	made   map[string]bool // folders that are there
	other  map[string]string
	open   map[string]fs.FileInfo // the parts that are being written, by the path of the file
	placed []fs.FileInfo          // what took the place of something that was there
}

func newNames(root *os.Root, list []Entry) *names {
	n := &names{root: root, taken: make(map[string]bool, len(list)), made: map[string]bool{".": true}, other: map[string]string{}, open: map[string]fs.FileInfo{}}
	for _, e := range list {
		n.taken[fold(e.Path)] = true
	}
	return n
}

// part is where a file is while it is not whole: always the same place for the same offer, so that it is found again.
func (n *names) part(p string) string {
	dir, base := path.Split(p)
	if len(base)+len(partSuffix) > maxElement {
		sum := sha256.Sum256([]byte(base))
		base = strings.ToValidUTF8(base[:200], "") + "~" + hex.EncodeToString(sum[:8])
	}
	p = dir + base + partSuffix
	for n.taken[fold(p)] { // somebody sends parts of another transfer
		p += "~"
	}
	return p
}

// claim says that a part is written for a path, and refuses one that is being written for another. Which names are one is the file system's to
// say: of "é" some know one spelling, and "straße" may be "STRASSE". Two files in one would each have the right digest, and be rubbish.
func (n *names) claim(p string, part fs.FileInfo) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for other, has := range n.open {
		if other != p && os.SameFile(has, part) {
			return FaultDuplicate.error(p)
		}
	}
	n.open[p] = part
	return nil
}

// release ends a claim, if there is one.
func (n *names) release(p string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, p)
}

// folder makes the folder that a path is in, and those above. It follows no links.
func (n *names) folder(dir string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.makeFolder(dir)
}

func (n *names) makeFolder(dir string) error {
	if n.made[dir] {
		return nil
	}
	if err := n.makeFolder(path.Dir(dir)); err != nil {
		return err
	}
	info, err := n.root.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = n.root.Mkdir(dir, 0o777)
	case err == nil && info.Mode()&fs.ModeSymlink != 0:
		err = FaultSymlink.error(dir)
	case err == nil && !info.IsDir():
		err = FaultFileIsFolder.error(dir)
	}
	if err == nil {
		n.made[dir] = true
	}
	return err
}

// checkWay says what stands in the way to a path, before anything is written.
func (n *names) checkWay(p string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range len(p) {
		dir := p[:i]
		if p[i] != '/' || n.made[dir] {
			continue
		}
		info, err := n.root.Lstat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return FaultSymlink.error(dir)
		case !info.IsDir():
			return FaultFileIsFolder.error(dir)
		}
		n.made[dir] = true
	}
	return nil
}

// there is the file that is at a path, nil for none. Whatever else is there is an error.
func (n *names) there(p string) (fs.FileInfo, error) {
	info, err := n.root.Lstat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, FaultSymlink.error(p)
	case info.IsDir():
		return nil, FaultFileIsFolder.error(p)
	case !info.Mode().IsRegular():
		return nil, &Error{Code: CodeExists, Path: p, Text: "is there, and is no file"}
	}
	return info, nil
}

// beside is the k-th other name of a file: "name (2).txt", and so on.
func beside(p string, k int) string {
	dir, base := path.Split(p)
	ext := path.Ext(base)
	if ext == base || len(ext) > maxExt {
		ext = "" // of a name that begins with its only dot, or a sentence
	}
	suffix := fmt.Sprintf(" (%d)", k)
	stem := strings.TrimSuffix(base, ext)
	if over := len(base) + len(suffix) - maxElement; over > 0 {
		stem = strings.ToValidUTF8(stem[:len(stem)-over], "")
	}
	return dir + stem + suffix + ext
}

// place puts a file that is whole where it belongs. What is there is replaced with Overwrite alone, also if it has come meanwhile.
func (n *names) place(part, p string, existing Existing) error {
	switch existing {
	case Overwrite:
		return n.replace(part, p)
	case Rename:
		to := p
		for k := 2; ; k++ {
			err := n.put(part, to)
			if !errors.Is(err, fs.ErrExist) {
				if err == nil && to != p {
					n.rename(p, to)
				}
				return err
			}
			to = beside(p, k)
		}
	}
	err := n.put(part, p)
	if errors.Is(err, fs.ErrExist) {
		return &Error{Code: CodeExists, Path: p, Text: "has come there meanwhile"}
	}
	return err
}

// replace puts a part in the place of what is there, unless that has just come.
func (n *names) replace(part, p string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	there, err := n.there(p)
	if err != nil {
		return err
	}
	if there != nil && slices.ContainsFunc(n.placed, func(one fs.FileInfo) bool { return os.SameFile(one, there) }) {
		return FaultDuplicate.error(p)
	}
	whole, err := n.root.Lstat(part)
	if err != nil {
		return err
	}
	n.placed = append(n.placed, whole)
	return n.root.Rename(part, p)
}

// put gives the part another name if nothing has that: fs.ErrExist. A rename would replace what is there, a link does not; where there
// are no links it has to be looked at first.
func (n *names) put(part, to string) error {
	err := n.root.Link(part, to)
	if err == nil {
		return n.root.Remove(part)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, there := n.root.Lstat(to); there == nil {
		return fs.ErrExist
	}
	return n.root.Rename(part, to)
}

func (n *names) rename(p, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.other[p] = to
}

func (n *names) renamed() map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.other)
}
