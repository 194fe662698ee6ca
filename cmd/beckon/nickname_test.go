package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The words here and on the demo's pages are the same ones, in the same order.
func TestNicknames(t *testing.T) {
	t.Parallel()
	words := func(path, list string) (found []string) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, text, ok := strings.Cut(string(raw), list)
		text, _, closed := strings.Cut(text, map[bool]string{true: "]", false: ")\n"}[strings.HasSuffix(path, ".ts")])
		if !ok || !closed {
			t.Fatalf("there is no %q in %s", list, path)
		}
		return regexp.MustCompile(`[a-z]+`).FindAllString(text, -1)
	}
	const page = "../../web/demo/src/names.ts"
	for there, here := range map[string]string{"const QUALITIES = [": "qualities := strings.Fields(", "const PLACES = [": "places := strings.Fields("} {
		if a, b := words(page, there), words("nickname.go", here); len(a) < 40 || !slices.Equal(a, b) {
			t.Errorf("%s has %q, and here are %q", page, a, b)
		}
	}
	for id, want := range map[string]string{"": "Open Harbor", "pvm6": "Quick Haven", "hxvsk3c2qk5pvtexamplepeer1": "Warm Deck", "zzzzzzzzzzzzzzzzzzzzzzzzzz": "Keen Island"} {
		if got := nickname(id); got != want {
			t.Errorf("%q is %q, want %q", id, got, want)
		}
	}
}
