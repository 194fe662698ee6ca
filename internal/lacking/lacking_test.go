package lacking

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder stands in for the testing.T of a test that lacks something.
type recorder struct{ did []string }

func (r *recorder) Helper()        {}
func (r *recorder) Skip(a ...any)  { r.did = append(r.did, "skip: "+fmt.Sprint(a...)) }
func (r *recorder) Fatal(a ...any) { r.did = append(r.did, "fail: "+fmt.Sprint(a...)); panic(r) }

func TestSkip(t *testing.T) {
	for _, c := range []struct{ required, want string }{
		{"", "skip: there is no lynx"},
		{"0", "skip: there is no lynx"},
		{"1", "fail: there is no lynx"},
	} {
		t.Setenv(Variable, c.required)
		var r recorder
		func() {
			// Fatal does not return, here as in testing.
			defer func() { _ = recover() }()
			Skip(&r, "there is no lynx")
		}()
		if len(r.did) != 1 || !strings.HasPrefix(r.did[0], c.want) {
			t.Errorf("with %s=%q: %q, want one %q", Variable, c.required, r.did, c.want)
		}
	}
}

// TestNobodySkipsOtherwise looks at all tests of the module: one that skips by itself is one that continuous integration does not miss, so
// it says behind that, in the same line, why nothing is lacking.
func TestNobodySkipsOtherwise(t *testing.T) {
	t.Parallel()
	skips := regexp.MustCompile(`\b[a-z]+\.Skip(f|Now)?\(`)
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "lacking"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		if !bytes.Contains(text, []byte(".Skip")) {
			return nil
		}
		for i, line := range strings.Split(string(text), "\n") {
			if skips.MatchString(line) && !strings.Contains(line, "lacking.Skip(") && !strings.Contains(line, ") // ") {
				t.Errorf("%s:%d: use lacking.Skip, or say behind it why this is never required", path, i+1)
			}
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d files were read: %v", seen, err)
	}
}
