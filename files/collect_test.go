package files

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCollect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"top/a": "1", "top/empty/": "", "top/deep/b": "22", "one": "333", "all empty/": "", "top/with file/c": ""})
	must(t, os.Symlink("a", filepath.Join(dir, "top/link")))
	must(t, os.Symlink("/etc", filepath.Join(dir, "top/etc")))
	must(t, os.Symlink("one", filepath.Join(dir, "named")))
	in := func(p string) string { return filepath.Join(dir, p) }
	for name, c := range map[string]struct {
		paths   []string
		called  string
		want    []string
		skipped int
	}{
		"a file":                {[]string{"one"}, "one", []string{"one"}, 0},
		"a folder":              {[]string{"top"}, "top", []string{"top/a", "top/deep/b", "top/empty", "top/with file/c"}, 2},
		"with a slash":          {[]string{"top/"}, "top", []string{"top/a", "top/deep/b", "top/empty", "top/with file/c"}, 2},
		"both":                  {[]string{"top", "one"}, "5 files and folders", []string{"one", "top/a", "top/deep/b", "top/empty", "top/with file/c"}, 2},
		"an empty folder":       {[]string{"all empty"}, "all empty", []string{"all empty"}, 0},
		"a link that was named": {[]string{"named"}, "named", []string{"named"}, 0},
		"through another":       {[]string{"top/deep/../a"}, "a", []string{"a"}, 0},
	} {
		var paths []string
		for _, p := range c.paths {
			paths = append(paths, dir+"/"+p)
		}
		b, err := Collect(paths...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for i, e := range b.Entries {
			got = append(got, e.Path)
			if f, err := b.sources[i].open(); !e.Folder && err != nil {
				t.Errorf("%s: %v", e.Path, err)
			} else if err == nil && !e.Folder {
				f.Close()
			}
		}
		if !slices.Equal(got, c.want) || b.Name != c.called || len(b.Skipped) != c.skipped {
			t.Errorf("%s: %q, called %q, without %q; want %q", name, got, b.Name, b.Skipped, c.want)
		}
	}
	for name, c := range map[string]struct {
		paths []string
		says  []string
	}{
		"nothing there":          {[]string{in("none"), in("one"), in("neither")}, []string{in("none") + ": no such file", in("neither") + ": no such file"}},
		"a device":               {[]string{"/dev/null"}, []string{"neither a file nor a folder"}},
		"the root":               {[]string{"/"}, []string{"no name"}},
		"the same name":          {[]string{in("one"), in("top/../one")}, []string{"one: is there twice"}},
		"nothing at all":         {nil, []string{"nothing to send"}},
		"a name for Windows":     {[]string{in("bad")}, []string{"bad/nul.txt: is the name of a device", "bad/a.: has a name that ends", `bad/x\y: has a backslash`}},
		"a name that is no text": {[]string{in("odd")}, []string{"not UTF-8"}},
	} {
		if name == "a name for Windows" {
			write(t, dir, map[string]string{"bad/nul.txt": "", "bad/a.": "", `bad/x\y`: "", "bad/good": ""})
		}
		if name == "a name that is no text" {
			write(t, dir, map[string]string{"odd/\xff\xfe": ""})
		}
		_, err := Collect(c.paths...)
		for _, s := range c.says {
			if err == nil || !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %v, want %q", name, err, s)
			}
		}
		if e, ok := errors.AsType[*Error](err); !ok || e.Code == "" {
			t.Errorf("%s: %T", name, err)
		}
	}
}
