package browser

import "github.com/beckon-rtc/beckon/internal/lacking"

// Need skips the test unless all of the kinds are installed, or fails it where
// nothing may be missing; either way with the sentence of Find.
func Need(tb lacking.Skipper, kinds ...Kind) {
	tb.Helper()
	for _, kind := range kinds {
		if _, missing := Find(kind); missing != "" {
			lacking.Skip(tb, missing)
		}
	}
}
