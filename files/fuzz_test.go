package files

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzOffer reads what anybody may send. What is taken keeps all the rules, and is the same when it is said again.
func FuzzOffer(f *testing.F) {
	raw, err := os.ReadFile("testdata/offers.json")
	if err != nil {
		f.Fatal(err)
	}
	var list []offerVector
	if err := json.Unmarshal(raw, &list); err != nil {
		f.Fatal(err)
	}
	for _, v := range list {
		f.Add(v.raw())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := decodeOffer(raw)
		if err != nil {
			if CodeOf(err) != CodeBadOffer {
				t.Fatalf("%v has no code", err)
			}
			return
		}
		if len(o.Entries) == 0 || len(o.Entries) > maxEntries || o.Size < 0 || o.Size > maxNumber {
			t.Fatalf("%d entries, %d bytes", len(o.Entries), o.Size)
		}
		for _, e := range o.Entries {
			if !filepath.IsLocal(e.Path) || e.Size < 0 || e.Size > o.Size {
				t.Fatalf("%+v", e)
			}
		}
		again, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeOffer(again); err != nil {
			t.Fatalf("said again: %v", err)
		}
	})
}

// FuzzPath looks for a path that passes and leads out, with its other name and its part as well.
func FuzzPath(f *testing.F) {
	for _, p := range []string{"a/b", "../a", "/a", "con.txt", "a\\b", "c:a", "a.", "a/./b", strings.Repeat("ü", 128), "a (2).tar.gz", ".hidden"} {
		f.Add(p)
	}
	n := newNames(nil, nil)
	f.Fuzz(func(t *testing.T, p string) {
		if CheckPath(p) != "" {
			return
		}
		for _, made := range []string{p, n.part(p), beside(p, 2)} {
			if !filepath.IsLocal(made) || filepath.Dir(made) != filepath.Dir(p) {
				t.Fatalf("%q of %q", made, p)
			}
			if base := filepath.Base(made); len(base) > maxElement {
				t.Fatalf("%q has %d bytes", base, len(base))
			}
		}
		if n.part(p) == p || beside(p, 2) == p {
			t.Fatalf("%q is its own part", p)
		}
	})
}

// FuzzQuestion reads what a receiver may ask.
func FuzzQuestion(f *testing.F) {
	f.Add([]byte(`{"id":"0123456789abcdef","file":0,"from":0,"to":5}`), int64(10))
	f.Add([]byte(`{"id":"0123456789abcdef","file":0,"block":16384,"count":1}`), int64(10))
	f.Fuzz(func(t *testing.T, raw []byte, size int64) {
		q, err := decodeQuestion(raw)
		if err != nil || size < 0 || size > maxNumber {
			return
		}
		if q.checkRange(size) == nil && (q.From < 0 || q.To > size || q.From >= q.To) {
			t.Fatalf("%+v of %d", q, size)
		}
		if q.checkBlocks(size) == nil && (q.Count-1)*q.Block >= size {
			t.Fatalf("%+v of %d", q, size)
		}
	})
}
