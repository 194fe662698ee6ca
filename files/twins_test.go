package files

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A file system that takes two names for one, as some take two spellings of "é", is played by links.
func TestTwins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	write(t, dir, map[string]string{"x.beckon-part": "much of x", "x": "old", "z.beckon-part": "z"})
	must(t, os.Link(filepath.Join(dir, "x.beckon-part"), filepath.Join(dir, "y.beckon-part")))
	n := newNames(root, []Entry{{Path: "x"}, {Path: "y"}, {Path: "z"}})
	open := func(p string) error {
		f, _, err := openPart(root, n.part(p), 1, func(info fs.FileInfo) error { return n.claim(p, info) })
		if err == nil {
			err = f.Close()
		}
		return err
	}
	must(t, n.claim("x", stat(t, root, "x.beckon-part")))
	wantCode(t, open("y"), CodeBadOffer)
	if got := read(t, dir)["x.beckon-part"]; got != "much of x" {
		t.Errorf("what is written by another is cut to %q", got)
	}
	must(t, open("z"))
	n.release("x")
	must(t, open("y"))

	// One after the other: the second would replace the first.
	must(t, n.place("x.beckon-part", "x", Overwrite))
	must(t, os.Remove(filepath.Join(dir, "y.beckon-part")))
	must(t, os.Rename(filepath.Join(dir, "x"), filepath.Join(dir, "y")))
	wantCode(t, n.place("z.beckon-part", "y", Overwrite), CodeBadOffer)
	must(t, n.place("z.beckon-part", "z", Overwrite))
	if got := read(t, dir); len(got) != 2 || got["y"] != "m" || got["z"] != "z" {
		t.Errorf("there is %v", got)
	}
}

func stat(t *testing.T, root *os.Root, name string) fs.FileInfo {
	t.Helper()
	info, err := root.Lstat(name)
	must(t, err)
	return info
}
