package files

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

// A disk that is full in the midst of it, although there seemed to be room, is said to be that, on both sides; and it goes on when there is.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		lacking.Skip(t, "there is no small disk to fill: run the tests as root, who may mount one ("+err.Error()+")")
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	s := newSending(t, map[string]string{"file": noise(900 << 10)})
	hoard := filepath.Join(dir, "hoard")
	must(t, os.WriteFile(hoard, make([]byte, 600<<10), 0o666))
	end := offer(t, s.sender().To(s.to))
	p := proposed(t, s.sink)
	in, err := NewIncoming(p.Offer, Target{Dir: dir})
	must(t, err)
	in.space = func(string) (uint64, bool) { return 1 << 40, true }
	_, err = in.Fetch(patient(t), p)
	wantCode(t, err, CodeNoRoom)
	wantCode(t, (<-end).err, CodeNoRoom)
	must(t, in.Close())

	must(t, os.Remove(hoard))
	end = offer(t, s.sender().To(s.to))
	p = proposed(t, s.sink)
	in, err = NewIncoming(p.Offer, Target{Dir: dir})
	must(t, err)
	receipt, err := in.Fetch(patient(t), p)
	must(t, err)
	must(t, in.Close())
	if must(t, (<-end).err); receipt.Received >= 700<<10 || read(t, dir)["file"] != noise(900<<10) {
		t.Errorf("%+v", receipt)
	}
}
