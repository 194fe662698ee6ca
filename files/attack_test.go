package files

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
)

// Every path that leads anywhere else is refused by its name before a byte is asked for, over the wire as anybody may speak it.
func TestPathAttacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	source, sink := w.join(), w.join()
	to := meet(t, source)
	type vector struct {
		Path string
		Why  Fault
	}
	for _, v := range vectors[vector](t, "paths.json") {
		if v.Why == "" {
			continue
		}
		list, err := json.Marshal([]Entry{{Path: "innocent", Size: 1}, {Path: v.Path, Size: 1}})
		must(t, err)
		body := fmt.Sprintf(`{"id":"0123456789abcdef","name":"a gift","size":2,"entries":%s}`, list)
		said := make(chan error, 1)
		go func() {
			_, err := to.Request(patient(t), OfferName, strings.NewReader(body))
			said <- err
		}()
		request, err := sink.AcceptRequest(patient(t))
		must(t, err)
		if _, err := ReadProposal(patient(t), request); CodeOf(err) != CodeBadOffer {
			t.Errorf("%.60q passes: %v", v.Path, err)
			must(t, request.Fail(patient(t), "test", ""))
		}
		err = <-said
		if refused, ok := errors.AsType[*peer.RequestError](err); !ok || refused.Code != string(CodeBadOffer) || !strings.HasPrefix(refused.Message, "bad-path: "+string(v.Why)+": ") {
			t.Errorf("%.60q: the sender is told %v, want %s", v.Path, err, v.Why)
		}
	}
}

// What stands in the way on the receiver's own disk: nothing is written through links, over folders, or in the place of files.
func TestObstacles(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"a/b/file": "new"})
	for name, c := range map[string]struct {
		make func(t *testing.T, dir, outside string)
		code Code
		says string
	}{
		"a link to a folder outside": {func(t *testing.T, dir, outside string) { must(t, os.Symlink(outside, filepath.Join(dir, "a"))) }, CodeBadOffer, "bad-path: symlink: a "},
		"a link to a folder inside": {func(t *testing.T, dir, _ string) {
			write(t, dir, map[string]string{"other/": ""})
			must(t, os.Symlink("other", filepath.Join(dir, "a")))
		}, CodeBadOffer, "bad-path: symlink: a "},
		"a link deeper": {func(t *testing.T, dir, outside string) {
			write(t, dir, map[string]string{"a/": ""})
			must(t, os.Symlink(outside, filepath.Join(dir, "a/b")))
		}, CodeBadOffer, "bad-path: symlink: a/b "},
		"a link in the place of the file": {func(t *testing.T, dir, outside string) {
			write(t, dir, map[string]string{"a/b/": ""})
			must(t, os.Symlink(filepath.Join(outside, "file"), filepath.Join(dir, "a/b/file")))
		}, CodeBadOffer, "bad-path: symlink: a/b/file "},
		"a link in the place of the part": {func(t *testing.T, dir, outside string) {
			write(t, dir, map[string]string{"a/b/": ""})
			must(t, os.Symlink(filepath.Join(outside, "file"), filepath.Join(dir, "a/b/file.beckon-part")))
		}, CodeWriteFailed, "is in the way"},
		"a file where a folder has to be": {func(t *testing.T, dir, _ string) { write(t, dir, map[string]string{"a/b": "a file"}) },
			CodeBadOffer, "bad-path: file-is-folder: a/b "},
		"a folder where the file has to be": {func(t *testing.T, dir, _ string) { write(t, dir, map[string]string{"a/b/file/": ""}) },
			CodeBadOffer, "bad-path: file-is-folder: a/b/file "},
		"another file": {func(t *testing.T, dir, _ string) { write(t, dir, map[string]string{"a/b/file": "old, and longer"}) },
			CodeExists, "a/b/file: another file of that name is there"},
		"another file of the same length": {func(t *testing.T, dir, _ string) { write(t, dir, map[string]string{"a/b/file": "old"}) },
			CodeExists, "a/b/file: another file of that name is there"},
	} {
		for _, existing := range []Existing{Refuse, Overwrite} {
			if existing == Overwrite && c.code == CodeExists {
				continue
			}
			dir, outside := t.TempDir(), t.TempDir()
			c.make(t, dir, outside)
			before := read(t, dir)
			end := offer(t, s.sender().To(s.to))
			_, _, err := receive(t, proposed(t, s.sink), Target{Dir: dir, Existing: existing})
			if CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %s with %q", name, err, c.code, c.says)
			}
			if got := <-end; CodeOf(got.err) != c.code || !strings.Contains(got.err.Error(), c.says) {
				t.Errorf("%s: the sender is told %v", name, got.err)
			}
			if got := read(t, outside); len(got) > 0 {
				t.Errorf("%s: outside is %v", name, got)
			}
			if got := read(t, dir); fmt.Sprint(got) != fmt.Sprint(before) {
				t.Errorf("%s: there is %v, and was %v", name, got, before)
			}
		}
	}
}

// liar is a sender that says what it likes.
type liar struct {
	to    *peer.Peer
	asked chan string
}

// newLiar answers questions with what answer says.
func newLiar(t *testing.T, answer func(r *peer.Request, q question) io.Reader) (*liar, *peer.Room) {
	t.Helper()
	w := newWorld(t)
	source, sink := w.join(), w.join()
	l := &liar{to: meet(t, source), asked: make(chan string, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			r, err := source.AcceptRequest(ctx)
			if err != nil {
				return
			}
			l.asked <- strings.TrimPrefix(r.Name(), prefix)
			all.Go(func() {
				raw, _ := readAll(r, maxQuestion)
				q, _ := decodeQuestion(raw)
				_ = r.Respond(ctx, answer(r, q))
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	return l, sink
}

func (l *liar) offer(t *testing.T, size int64) {
	body := fmt.Sprintf(`{"id":"0123456789abcdef","name":"a","size":%d,"entries":[{"path":"a","size":%d}]}`, size, size)
	go func() { _, _ = l.to.Request(patient(t), OfferName, strings.NewReader(body)) }()
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A sender that sends more than it has offered, or less, or something else, fills no disk and no memory, and nothing gets its name.
func TestLiars(t *testing.T) {
	t.Parallel()
	const size = 200_000
	for name, c := range map[string]struct {
		code   Code
		answer func(name string) io.Reader
	}{
		"more bytes":  {CodeBadRange, func(name string) io.Reader { return endless{} }},
		"fewer bytes": {CodeBadRange, func(name string) io.Reader { return strings.NewReader("few") }},
		"a wrong digest": {CodeWrongDigest, func(name string) io.Reader {
			return bytes.NewReader(make([]byte, map[string]int{blocksName: size, digestName: 32}[name]))
		}},
		"a short digest": {CodeWrongDigest, func(name string) io.Reader {
			return bytes.NewReader(make([]byte, map[string]int{blocksName: size, digestName: 31}[name]))
		}},
		"an endless one": {CodeWrongDigest, func(name string) io.Reader {
			if name == blocksName {
				return bytes.NewReader(make([]byte, size))
			}
			return endless{}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, sink := newLiar(t, func(r *peer.Request, _ question) io.Reader { return c.answer(r.Name()) })
			dir := t.TempDir()
			l.offer(t, size)
			in, _, err := receive(t, proposed(t, sink), Target{Dir: dir})
			wantCode(t, err, c.code)
			if _, err := os.Stat(filepath.Join(dir, "a")); err == nil {
				t.Error("there is a file")
			}
			if info, err := os.Stat(filepath.Join(dir, "a.beckon-part")); err != nil || info.Size() > size {
				t.Errorf("the part: %v, %v", info, err)
			}
			if p := in.Progress(); p.Moved > size || p.FilesDone != 0 {
				t.Errorf("%+v", p)
			}
		})
	}
}

// Who was not offered anything learns nothing, and neither does one who asks for what is not in the offer.
func TestStrangers(t *testing.T) {
	t.Parallel()
	s := newSending(t, map[string]string{"a/file": "secret", "a/folder/": ""})
	from := meet(t, s.sink)
	ask := func(name string, q question) error {
		response, err := from.Request(patient(t), name, bytes.NewReader(q.encode()))
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	want := func(err error, code Code) {
		t.Helper()
		if e, ok := errors.AsType[*peer.RequestError](err); !ok || e.Code != string(code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	id := s.sender().Offered().ID
	want(ask(digestName, question{ID: id}), CodeNoSuchOffer)
	end := offer(t, s.sender().To(s.to))
	p := proposed(t, s.sink)
	want(ask(digestName, question{ID: "0123456789abcdef"}), CodeNoSuchOffer)
	want(ask(digestName, question{ID: id, File: 2}), CodeNoSuchFile)
	want(ask(digestName, question{ID: id, File: -1}), CodeNoSuchFile)
	want(ask(digestName, question{ID: id, File: 1}), CodeNoSuchFile) // the folder
	want(ask(blocksName, question{ID: id, From: 0, To: 7}), CodeBadRange)
	want(ask(hashesName, question{ID: id, Block: 16384, Count: 2}), CodeBadRange)
	want(ask(prefix+"delete", question{ID: id}), CodeNoSuchAction)
	want(ask(OfferName, question{ID: id}), CodeDeclined)
	must(t, ask(digestName, question{ID: id}))
	must(t, p.Decline(patient(t), "no"))
	if got := <-end; CodeOf(got.err) != CodeDeclined {
		t.Errorf("%+v", got)
	}
	want(ask(digestName, question{ID: id}), CodeNoSuchOffer) // any more
}
