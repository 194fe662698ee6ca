package process

import (
	"fmt"
	"strings"
	"testing"
)

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	var out tail
	fmt.Fprint(&out, "first")
	if got := out.String(); got != "first" {
		t.Errorf("a short text became %q", got)
	}
	for range tailBytes / 4 {
		fmt.Fprint(&out, "....")
	}
	fmt.Fprint(&out, "last")
	got := out.String()
	if strings.Contains(got, "first") || !strings.HasSuffix(got, "last") {
		t.Errorf("a long text lost its end or kept its beginning: %q … %q", got[:10], got[len(got)-10:])
	}
	if want := tailBytes + len("[…]"); len(got) != want {
		t.Errorf("%d bytes kept, want %d", len(got), want)
	}
}
