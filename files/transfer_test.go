package files

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Files and folders arrive as they are: names, bytes, times; and a second time nothing is sent.
func TestTransfer(t *testing.T) {
	t.Parallel()
	tree := map[string]string{
		"holiday/beach.jpg": noise(3 << 20), "holiday/Ünïcödé 日本語 🏖.txt": "sand", "holiday/nothing": "", "holiday/no folder/": "",
		"holiday/deep/er/file": noise(20 << 10), "notes.txt": "a note", "just as large": noise(small),
	}
	s := newSending(t, tree)
	when := time.Date(2020, 5, 17, 8, 30, 1, 5e6, time.UTC)
	must(t, os.Chtimes(filepath.Join(s.from, "notes.txt"), when, when))
	s.collect()
	to := filepath.Join(t.TempDir(), "made", "for it")

	first := s.sender().To(s.to)
	end := offer(t, first)
	_, receipt, err := receive(t, proposed(t, s.sink), Target{Dir: to})
	must(t, err)
	size := s.sender().Offered().Size
	if want := (Receipt{Files: 6, Bytes: size, Received: size}); receipt != want {
		t.Errorf("the receipt is %+v, want %+v", receipt, want)
	}
	if got := <-end; got.err != nil || got.receipt != receipt {
		t.Errorf("the sender has %+v", got)
	}
	if got := read(t, to); !maps.Equal(got, tree) {
		t.Errorf("there is %v", sizes(got))
	}
	info, err := os.Stat(filepath.Join(to, "notes.txt"))
	must(t, err)
	if !info.ModTime().Equal(when) {
		t.Errorf("the time is %v, want %v", info.ModTime(), when)
	}
	if p := first.Progress(); p.Done != size || p.Moved != size || p.FilesDone != 6 {
		t.Errorf("the sender's progress is %+v", p)
	}

	second := s.sender().To(s.to)
	end = offer(t, second)
	in, receipt, err := receive(t, proposed(t, s.sink), Target{Dir: to})
	must(t, err)
	if got := <-end; got.err != nil || receipt.Received != 0 || second.Progress().Moved != 0 || in.Progress().Done != size {
		t.Errorf("%+v; %d bytes came a second time, %+v", got, receipt.Received, in.Progress())
	}
}

func sizes(tree map[string]string) []string {
	var list []string
	for p, content := range tree {
		list = append(list, fmt.Sprintf("%s: %d", p, len(content)))
	}
	return list
}
