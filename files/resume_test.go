package files

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// until waits for what another goroutine brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx := patient(t)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s does not come about", what)
		}
	}
}

// fetching is a Fetch in the background.
func fetching(t *testing.T, in *Incoming, p *Proposal) <-chan sent {
	end := make(chan sent, 1)
	go func() {
		receipt, err := in.Fetch(patient(t), p)
		end <- sent{receipt, err}
	}()
	return end
}

const large = 12 << 20

// broken receives nine tenths of a large file in dir, has end break it off, and returns how many bytes are there then.
func broken(t *testing.T, s *sending, dir string, end func()) int64 {
	t.Helper()
	sending := offer(t, s.sender().To(s.to))
	p := proposed(t, s.sink)
	in, err := NewIncoming(p.Offer, Target{Dir: dir})
	must(t, err)
	receiving := fetching(t, in, p)
	until(t, "nine tenths", func() bool { return in.Progress().Done > large/10*9 })
	end()
	if got := <-receiving; got.err == nil || CodeOf(got.err) != "" && CodeOf(got.err) != CodeCancelled {
		t.Fatalf("the receiver ends with %v", got.err)
	}
	if got := <-sending; got.err == nil {
		t.Fatal("the sender is done")
	}
	must(t, in.Close())
	info, err := os.Stat(filepath.Join(dir, "file.beckon-part"))
	must(t, err)
	if info.Size() < large/10*9 || info.Size() >= large {
		t.Fatalf("%d bytes of %d are there", info.Size(), large)
	}
	return info.Size()
}

// resumed receives the rest, and wants little of it to be what was there.
func resumed(t *testing.T, s *sending, dir string, had int64) {
	t.Helper()
	d := s.sender().To(s.to)
	end := offer(t, d)
	_, receipt, err := receive(t, proposed(t, s.sink), Target{Dir: dir})
	must(t, err)
	must(t, (<-end).err)
	twice := had + receipt.Received - large
	t.Logf("%d bytes were there, %d came, %d of them twice", had, receipt.Received, twice)
	if twice < 0 || twice > large/100 || d.Progress().Moved != receipt.Received {
		t.Errorf("%d bytes of %d came twice; the sender counts %d", twice, large, d.Progress().Moved)
	}
	if read(t, dir)["file"] != noise(large) {
		t.Error("the file is another one")
	}
	if _, err := os.Stat(filepath.Join(dir, "file.beckon-part")); err == nil {
		t.Error("the part is left over")
	}
}

// Either side ends in the middle, and another one takes its place: what is there is not sent again.
func TestResume(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   func(s *sending)
		again func(s *sending)
	}{
		"the receiver": {
			func(s *sending) { s.sink.Close() },
			func(s *sending) { s.sink = s.world.join(); s.to = meet(s.t, s.source) },
		},
		"the sender": {
			func(s *sending) { s.source.Close() },
			func(s *sending) {
				s.source = s.world.join()
				s.collect()
				s.serve(s.t, s.source)
				s.to = meet(s.t, s.source)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSending(t, map[string]string{"file": noise(large)})
			dir := t.TempDir()
			had := broken(t, s, dir, func() { c.end(s) })
			c.again(s)
			resumed(t, s, dir, had)
		})
	}
}

// The connection is lost and replaced, in the midst of many: the offer comes again, and goes on without looking at what is there.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"file": noise(large), "other": noise(100), "third": noise(2 << 20)})
	dir := t.TempDir()
	d := s.sender().To(s.to)
	end := offer(t, d)
	p := proposed(t, s.sink)
	in, err := NewIncoming(p.Offer, Target{Dir: dir})
	must(t, err)
	defer in.Close()
	first := fetching(t, in, p)
	until(t, "a part", func() bool { return in.Progress().Done > large/2 })
	must(t, s.to.PeerConnection().Close())
	if got := <-first; got.err == nil || CodeOf(got.err) != "" {
		t.Fatalf("it ends with %v", got.err)
	}
	p = proposed(t, s.sink)
	if p.Offer.ID != in.offer.ID {
		t.Error("it is another offer")
	}
	receipt, err := in.Fetch(patient(t), p)
	must(t, err)
	must(t, (<-end).err)
	if size := s.sender().Offered().Size; receipt.Received != size {
		t.Errorf("%d bytes came of %d", receipt.Received, size)
	}
	if read(t, dir)["file"] != noise(large) {
		t.Error("the file is another one")
	}
}

// Blocks that are wrong in a part are fetched again, and no others.
func TestDamagedPart(t *testing.T) {
	t.Parallel()
	whole := noise(large)
	s := newSending(t, map[string]string{"file": whole})
	block := blockOf(large)
	for name, c := range map[string]struct {
		part func(b []byte) []byte
		want int64
	}{
		"two blocks in the middle": {func(b []byte) []byte { b[3*block]++; b[9*block-1]++; return b }, 2 * block},
		"the last byte":            {func(b []byte) []byte { b[large-1]++; return b }, block},
		"longer than the file":     {func(b []byte) []byte { return append(b, "more"...) }, 0},
		"all but half a block":     {func(b []byte) []byte { return b[:large-block/2] }, block},
		"less than a block":        {func(b []byte) []byte { return b[:block-1] }, large},
		"another file":             {func([]byte) []byte { return []byte(noise(large - 1)) }, large},
	} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "file.beckon-part"), c.part([]byte(whole)), 0o666))
		end := offer(t, s.sender().To(s.to))
		_, receipt, err := receive(t, proposed(t, s.sink), Target{Dir: dir})
		must(t, err)
		must(t, (<-end).err)
		if receipt.Received != c.want || read(t, dir)["file"] != whole {
			t.Errorf("%s: %d bytes came, want %d", name, receipt.Received, c.want)
		}
	}
}

// Either side can give up, and the other is told that, and not that something is broken.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"file": noise(large)})
	for name, whose := range map[string]string{"the sender gives up": "sender", "the receiver gives up": "receiver"} {
		dir := t.TempDir()
		sender, stopSender := context.WithCancel(patient(t))
		receiver, stopReceiver := context.WithCancel(patient(t))
		d := s.sender().To(s.to)
		end := make(chan error, 1)
		go func() {
			_, err := d.Offer(sender)
			end <- err
		}()
		p := proposed(t, s.sink)
		in, err := NewIncoming(p.Offer, Target{Dir: dir})
		must(t, err)
		fetched := make(chan error, 1)
		go func() {
			_, err := in.Fetch(receiver, p)
			fetched <- err
		}()
		until(t, "a part", func() bool { return in.Progress().Done > 0 })
		if whose == "sender" {
			stopSender()
			if err := <-end; peer.Code(err) != "aborted" {
				t.Errorf("%s: it has %v", name, err)
			}
			if e := wantCode(t, <-fetched, CodeCancelled); !e.Remote {
				t.Errorf("%s: %v", name, e)
			}
		} else {
			stopReceiver()
			wantCode(t, <-fetched, CodeCancelled)
			if e := wantCode(t, <-end, CodeCancelled); !e.Remote {
				t.Errorf("%s: %v", name, e)
			}
		}
		stopSender()
		stopReceiver()
		must(t, in.Close())
	}
}
