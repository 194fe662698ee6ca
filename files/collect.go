package files

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bundle is what Collect has found: files and folders as they are to be offered.
type Bundle struct {
	// Name is what it is called: its only file, the folder that all of it is in, or how many files there are.
	Name string
	// Entries are sorted by their paths.
	Entries []Entry
	// Skipped are the paths of what was left out because it is neither file nor folder: symbolic links, devices, sockets.
	Skipped []string
	// Limit is how many bytes of files are sent a second at most, to all receivers together; 0 is no limit. It may be set before NewSender.
	Limit int64

	sources []source // of the entry with the same index
}

// source is where a file is.
type source struct {
	dir, name string // name is below dir, and looked up without leaving it
}

// Collect finds the files of paths, and walks the folders among them. A symbolic link is followed if it is one of paths and left out
// below one. Every file is opened once: the error, of type Errors, names all that cannot be read or whose name would not do everywhere,
// before anything is sent. The bytes themselves are read when they are asked for.
func Collect(paths ...string) (*Bundle, error) {
	c := &collector{}
	for _, p := range paths {
		c.root(p)
	}
	b := &c.bundle
	if len(c.errs) == 0 {
		c.check()
	}
	if len(c.errs) > 0 {
		slices.SortStableFunc(c.errs, func(x, y *Error) int { return cmp.Compare(x.Path, y.Path) })
		return nil, c.errs
	}
	b.Name = b.name()
	return b, nil
}

type collector struct {
	bundle Bundle
	errs   Errors
}

func (c *collector) fail(path string, err error) {
	text := err.Error()
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		text = cause.Err.Error()
	}
	c.errs = append(c.errs, &Error{Code: CodeUnreadable, Path: path, Text: text, cause: err})
}

// root takes what the user named.
func (c *collector) root(named string) {
	full, err := filepath.Abs(named)
	if err != nil {
		c.fail(named, err)
		return
	}
	info, err := os.Stat(full)
	if err != nil {
		c.fail(named, err)
		return
	}
	base := strings.TrimRight(filepath.Base(full), string(filepath.Separator))
	if base == "" {
		c.fail(named, errors.New("it has no name to be sent under; name a folder in it"))
		return
	}
	switch {
	case info.Mode().IsRegular():
		c.named(named, base, full, info)
	case info.IsDir():
		c.folder(named, base, full)
	default:
		c.fail(named, errors.New("it is neither a file nor a folder"))
	}
}

// named takes a file that the user named, which may be a link.
func (c *collector) named(named, base, full string, info fs.FileInfo) {
	real, err := filepath.EvalSymlinks(full)
	if err != nil {
		c.fail(named, err)
		return
	}
	c.file(named, base, source{filepath.Dir(real), filepath.Base(real)}, info)
}

// folder walks one that the user named, as base.
func (c *collector) folder(named, base, full string) {
	root, err := os.OpenRoot(full)
	if err != nil {
		c.fail(named, err)
		return
	}
	defer root.Close()
	inside := map[string]int{} // how much is in a folder
	var folders []string
	err = fs.WalkDir(root.FS(), ".", func(below string, d fs.DirEntry, err error) error {
		shown := filepath.Join(named, filepath.FromSlash(below))
		switch {
		case err != nil:
			c.fail(shown, err)
			return nil // of a folder: nothing in it is seen
		case len(c.bundle.Entries) > maxEntries:
			return fs.SkipAll // which is refused in the end
		}
		if below != "." {
			inside[parent(below)]++
		}
		switch {
		case d.IsDir():
			folders = append(folders, below)
		case d.Type().IsRegular():
			info, err := d.Info()
			if err != nil {
				c.fail(shown, err)
				return nil
			}
			c.file(shown, base+"/"+below, source{full, filepath.FromSlash(below)}, info)
		default:
			c.bundle.Skipped = append(c.bundle.Skipped, shown)
		}
		return nil
	})
	if err != nil {
		c.fail(named, err)
	}
	for _, f := range folders {
		if inside[f] == 0 {
			c.add(strings.TrimSuffix(base+"/"+f, "/."), Entry{Folder: true}, source{})
		}
	}
}

func parent(below string) string {
	if i := strings.LastIndexByte(below, '/'); i >= 0 {
		return below[:i]
	}
	return "."
}

func (c *collector) file(shown, path string, s source, info fs.FileInfo) {
	f, err := s.open()
	if err != nil {
		c.fail(shown, err)
		return
	}
	_ = f.Close() // of a file that was only opened there is nothing to lose
	modified := info.ModTime().UnixMilli()
	c.add(path, Entry{Size: info.Size(), Modified: &modified}, s)
}

func (c *collector) add(path string, e Entry, s source) {
	e.Path = path
	if !utf8.ValidString(path) {
		c.fail(path, errors.New("its name is not UTF-8"))
		return
	}
	c.bundle.Entries = append(c.bundle.Entries, e)
	c.bundle.sources = append(c.bundle.sources, s)
}

// check holds it to the rules that the receiver has, and sorts it.
func (c *collector) check() {
	b := &c.bundle
	switch {
	case len(b.Entries) == 0:
		c.errs = append(c.errs, &Error{Code: CodeBadOffer, Text: "there is nothing to send"})
		return
	case len(b.Entries) > maxEntries:
		c.errs = append(c.errs, &Error{Code: CodeBadOffer, Text: fmt.Sprintf("there are more than %d files; pack them into one, with tar or zip", maxEntries)})
		return
	}
	for _, e := range b.Entries {
		if fault := CheckPath(e.Path); fault != "" {
			c.errs = append(c.errs, &Error{Code: CodeBadOffer, Path: e.Path, Text: fault.sentence() + ", which is not possible everywhere (" + string(fault) + ")"})
		}
	}
	if len(c.errs) > 0 {
		return
	}
	if path, fault := checkPaths(b.Entries); fault != "" {
		e := &Error{Code: CodeBadOffer, Path: path, Text: fault.sentence() + ", if case does not count (" + string(fault) + "); send them one by one, or in a folder each"}
		if fault == FaultFolders {
			e.Text = fault.sentence() + " (" + string(fault) + "); pack them into one file, with tar or zip"
		}
		c.errs = append(c.errs, e)
		return
	}
	order := make([]int, len(b.Entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(b.Entries[i].Path, b.Entries[j].Path) })
	entries, sources := make([]Entry, len(order)), make([]source, len(order))
	for to, from := range order {
		entries[to], sources[to] = b.Entries[from], b.sources[from]
	}
	b.Entries, b.sources = entries, sources
}

func (b *Bundle) name() string {
	if len(b.Entries) == 1 {
		return filepath.Base(b.Entries[0].Path)
	}
	top := func(e Entry) string {
		name, _, _ := strings.Cut(e.Path, "/")
		return name
	}
	first := top(b.Entries[0])
	for _, e := range b.Entries {
		if top(e) != first {
			return b.count()
		}
	}
	return first
}

// count is how many things there are; an empty folder is no file.
func (b *Bundle) count() string {
	files := 0
	for _, e := range b.Entries {
		if !e.Folder {
			files++
		}
	}
	switch folders := len(b.Entries) - files; {
	case folders == 0:
		return fmt.Sprintf("%d files", files)
	case files == 0:
		return fmt.Sprintf("%d folders", folders)
	default:
		return fmt.Sprintf("%d files and folders", len(b.Entries))
	}
}

// open opens the file to read it. What has become anything else meanwhile is an error: a link that was put in its place may lead
// anywhere, and a pipe would wait for its writer.
func (s source) open() (*os.File, error) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(s.name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file any more")
	}
	return root.Open(s.name)
}
