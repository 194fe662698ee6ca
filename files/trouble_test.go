package files

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A file that is not any more what was offered is not sent as if it were; what is the matter is said on both sides, with its name.
func TestFilesThatChange(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"file": noise(large)})
	path := filepath.Join(s.from, "file")
	for name, c := range map[string]struct {
		change func() error
		code   Code
	}{
		"it grows":    {func() error { return os.WriteFile(path, []byte(noise(large+1)), 0o666) }, CodeChanged},
		"it shrinks":  {func() error { return os.Truncate(path, 1000) }, CodeChanged},
		"it is newer": {func() error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) }, CodeChanged},
		"it vanishes": {func() error { return os.Remove(path) }, CodeUnreadable},
		"a link takes its place": {func() error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Symlink("/etc/hostname", path)
		}, CodeUnreadable},
	} {
		_ = os.Remove(path)
		write(t, s.from, map[string]string{"file": noise(large)})
		s.collect()
		end := offer(t, s.sender().To(s.to))
		p := proposed(t, s.sink)
		in, err := NewIncoming(p.Offer, Target{Dir: t.TempDir()})
		must(t, err)
		fetched := fetching(t, in, p)
		until(t, "a part", func() bool { return in.Progress().Done > 0 })
		must(t, c.change())
		for who, got := range map[string]sent{"the receiver": <-fetched, "the sender": <-end} {
			if CodeOf(got.err) != c.code || !strings.Contains(got.err.Error(), "file: ") {
				t.Errorf("%s: %s has %v, want %s", name, who, got.err, c.code)
			}
		}
		must(t, in.Close())
	}
}

// What does not fit is refused before anything is fetched.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"file": noise(1 << 20), "small": "small"})
	dir := t.TempDir()
	write(t, dir, map[string]string{"file.beckon-part": noise(1 << 20)[:1<<19]})
	for free, fits := range map[uint64]bool{1<<19 + 4: false, 1<<19 + 5: true} {
		end := offer(t, s.sender().To(s.to))
		p := proposed(t, s.sink)
		in, err := NewIncoming(p.Offer, Target{Dir: dir})
		must(t, err)
		in.space = func(string) (uint64, bool) { return free, true }
		_, err = in.Fetch(patient(t), p)
		must(t, in.Close())
		if got := <-end; fits && err != nil || !fits && (CodeOf(err) != CodeNoRoom || CodeOf(got.err) != CodeNoRoom) {
			t.Errorf("with %d bytes: %v; the sender has %v", free, err, got.err)
		}
		if fits {
			break // it is there now
		}
	}
}

// Existing files are left as they are, replaced or joined, as the receiver likes.
func TestExisting(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"a.txt": "new one", "b/c.tar.gz": "second", "same": "same", ".hidden": "new"})
	old := map[string]string{"a.txt": "old", "a (2).txt": "older", "b/c.tar.gz": "SECOND", "same": "same", ".hidden": "", "bystander": "here"}
	for existing, want := range map[Existing]map[string]string{
		Overwrite: {"a.txt": "new one", "a (2).txt": "older", "b/c.tar.gz": "second", "same": "same", ".hidden": "new", "bystander": "here"},
		Rename: {"a.txt": "old", "a (2).txt": "older", "a (3).txt": "new one", "b/c.tar.gz": "SECOND", "b/c.tar (2).gz": "second", "same": "same",
			".hidden": "", ".hidden (2)": "new", "bystander": "here"},
	} {
		dir := t.TempDir()
		write(t, dir, old)
		for round := range 2 { // the second finds what the first has put there
			end := offer(t, s.sender().To(s.to))
			in, receipt, err := receive(t, proposed(t, s.sink), Target{Dir: dir, Existing: existing})
			must(t, err)
			must(t, (<-end).err)
			if got := read(t, dir); !maps.Equal(got, want) {
				t.Errorf("round %d: there is %v, want %v", round, got, want)
			}
			if came := []int64{16, 0}[round]; receipt.Received != came {
				t.Errorf("round %d: %d bytes came, want %d", round, receipt.Received, came)
			}
			if existing == Rename && in.Renamed()["a.txt"] != "a (3).txt" {
				t.Errorf("it says %v", in.Renamed())
			}
		}
	}
}

// Many small files do not cost a round trip each, and all come.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	const many = 1000
	tree := map[string]string{}
	for i := range many {
		tree[fmt.Sprintf("many/%02d/%d", i%50, i)] = fmt.Sprint("this is file ", i)
	}
	s := newSending(t, tree)
	dir := t.TempDir()
	d := s.sender().To(s.to)
	end := offer(t, d)
	_, receipt, err := receive(t, proposed(t, s.sink), Target{Dir: dir})
	must(t, err)
	must(t, (<-end).err)
	if got := read(t, dir); receipt.Files != many || !maps.Equal(got, tree) || d.Progress().FilesDone != many {
		t.Errorf("%d files are there, the sender counts %d, the receiver %d", len(got), d.Progress().FilesDone, receipt.Files)
	}
}

// More than an offer may name is refused before anything is offered.
func TestTooManyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range maxEntries + 1 {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o666))
	}
	if _, err := Collect(dir); CodeOf(err) != CodeBadOffer {
		t.Errorf("one file too many: %v", err)
	}
}

// Several receivers are served at once, each at its own pace.
func TestSeveralReceivers(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"file": noise(4 << 20)})
	other := s.world.join()
	second := meet(t, s.source)
	ends := []<-chan sent{offer(t, s.sender().To(s.to)), offer(t, s.sender().To(second))}
	var fetched []<-chan sent
	dirs := []string{t.TempDir(), t.TempDir()}
	var ins []*Incoming
	for i, p := range []*Proposal{proposed(t, s.sink), proposed(t, other)} {
		in, err := NewIncoming(p.Offer, Target{Dir: dirs[i]})
		must(t, err)
		ins, fetched = append(ins, in), append(fetched, fetching(t, in, p))
	}
	for i := range dirs {
		must(t, (<-fetched[i]).err)
		must(t, (<-ends[i]).err)
		must(t, ins[i].Close())
		if read(t, dirs[i])["file"] != noise(4<<20) {
			t.Errorf("receiver %d has another file", i)
		}
	}
}

// A folder that holds the part of another transfer is sent as well, and the two do not get into each other's way.
func TestOfferedParts(t *testing.T) {
	t.Parallel()
	tree := map[string]string{"a": noise(100_000), "a.beckon-part": noise(90_000), "A.beckon-part~": "x", strings.Repeat("n", 255): noise(70_000)}
	s := newSending(t, tree)
	dir := t.TempDir()
	end := offer(t, s.sender().To(s.to))
	_, _, err := receive(t, proposed(t, s.sink), Target{Dir: dir})
	must(t, err)
	must(t, (<-end).err)
	if got := read(t, dir); !maps.Equal(got, tree) {
		t.Errorf("there is %v", sizes(got))
	}
}
