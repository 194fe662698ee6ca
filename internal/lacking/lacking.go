// Package lacking is for tests that need more of a machine than Go: a browser, a program, a right, a network. Where that is not there, a
// test skips and says in a sentence what is missing and how to get it, and in continuous integration it fails, so that none passes there
// by not running.
//
// It has no goroutines.
package lacking

import "os"

// Variable is the environment variable that, when it is "1", makes whatever is missing a failure. It is named after what was the first.
const Variable = "BECKONTEST_REQUIRE_BROWSERS"

// Skipper is what Skip does to a test: the part of testing.TB that it uses.
type Skipper interface {
	Helper()
	Skip(args ...any)
	Fatal(args ...any)
}

// Skip skips the test with the sentence, which says what is missing and how to get it, or fails it when Variable is "1".
func Skip(tb Skipper, sentence string) {
	tb.Helper()
	if os.Getenv(Variable) == "1" {
		tb.Fatal(sentence + " (required by " + Variable + "=1)")
		return // a test has ended there; what only notes what is done to it goes on
	}
	tb.Skip(sentence)
}
