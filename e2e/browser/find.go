package browser

import (
	"fmt"
	"os/exec"
)

// Kind names a browser engine that the tests know how to start.
type Kind string

// The two engines whose WebRTC stacks differ most from each other and from
// Pion: libwebrtc, and Mozilla's with its own ICE and SCTP.
const (
	Chromium Kind = "chromium"
	Firefox  Kind = "firefox"
)

// Kinds returns every Kind, in the order in which tests go through them.
func Kinds() []Kind { return []Kind{Chromium, Firefox} }

// programs returns the names under which a browser of this kind is found on
// PATH, Debian's first: it is the one that continuous integration has.
func (k Kind) programs() []string {
	switch k {
	case Chromium:
		return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	case Firefox:
		return []string{"firefox-esr", "firefox"}
	}
	return nil
}

// Find looks for a browser of the kind on PATH. When there is none, path is
// empty and missing is one sentence for a person: what is missing and how to
// get it.
func Find(kind Kind) (path, missing string) {
	return find(kind, exec.LookPath)
}

// find is Find with the search handed in, so that a test can have it fail.
func find(kind Kind, look func(string) (string, error)) (path, missing string) {
	programs := kind.programs()
	if len(programs) == 0 {
		return "", fmt.Sprintf("there is no browser of kind %q: the kinds are %q", kind, Kinds())
	}
	for _, name := range programs {
		if found, err := look(name); err == nil {
			return found, ""
		}
	}
	return "", fmt.Sprintf("no %s on PATH (looked for %q): install it, on Debian with `apt-get install %s`",
		kind, programs, programs[0])
}
