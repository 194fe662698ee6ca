package lacking

import (
	"fmt"
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
