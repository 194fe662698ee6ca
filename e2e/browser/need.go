package browser

import "os"

// RequireVariable is the environment variable that, when it is "1", makes a
// missing browser a failure. Continuous integration sets it, so that a test
// cannot pass there by not running; whoever has only Go skips instead.
const RequireVariable = "BECKONTEST_REQUIRE_BROWSERS"

// Skipper is what Need does to a test: the part of testing.TB that it uses.
type Skipper interface {
	Helper()
	Skip(args ...any)
	Fatal(args ...any)
}

// Need skips the test unless all of the kinds are installed, or fails it when
// RequireVariable is "1"; either way with the sentence of Find.
func Need(tb Skipper, kinds ...Kind) {
	tb.Helper()
	for _, kind := range kinds {
		if _, missing := Find(kind); missing != "" {
			Lacking(tb, missing)
		}
	}
}

// Lacking is for anything else of the machine that a test cannot do without,
// like coturn's clients: it skips or fails with the sentence, as Need does.
func Lacking(tb Skipper, sentence string) {
	tb.Helper()
	if os.Getenv(RequireVariable) == "1" {
		tb.Fatal(sentence + " (required by " + RequireVariable + "=1)")
	}
	tb.Skip(sentence)
}
