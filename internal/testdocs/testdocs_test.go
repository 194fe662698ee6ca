package testdocs

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failing notes that a test would have failed.
type failing struct{ failed bool }

func (*failing) Helper()        {}
func (f *failing) Fatal(...any) { f.failed = true }

func TestBlock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(path, []byte("# A\n\n```sh\nfirst\n```\n\n```sh\nsecond\n```\n\n```js\nopen"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Block(t, path, "sh"); got != "first\n" {
		t.Errorf("the block is %q", got)
	}
	for _, c := range [][2]string{{path, "js"}, {path, "go"}, {path + "x", "sh"}} {
		var f failing
		if got := Block(&f, c[0], c[1]); !f.failed || got != "" {
			t.Errorf("%q: %q", c, got)
		}
	}
}
