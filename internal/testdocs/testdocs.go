// Package testdocs is for tests of what stands in the documentation: an example that nobody runs is wrong one day.
//
// It has no goroutines.
package testdocs

import (
	"os"
	"strings"
)

// Failer is what Block does to a test: the part of testing.TB that it uses.
type Failer interface {
	Helper()
	Fatal(args ...any)
}

// Block returns the first block of code of that language in a file of Markdown, and fails the test if there is none.
func Block(t Failer, path, language string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
		return ""
	}
	_, rest, found := strings.Cut(string(text), "\n```"+language+"\n")
	code, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal(path, " has no block of ", language)
		return ""
	}
	return code
}
