// Package browser starts the browsers that are installed on this machine,
// headless, without a driver, each with a fresh profile, and ends them again
// with everything that they started.
//
// No driver, because a driver protocol is one more thing between a test and
// what it tests: a page that is simply opened does what it does for a user, and
// tells the test by an HTTP request what it found. Firefox and Chromium are so
// started in the same way, which no driver that Debian ships can do.
//
//	goroutine   owns                                 ends
//	run         the process: starts it, waits for it when the browser has exited
//
// os/exec adds one that copies the browser's stderr and one that watches the
// context; both have ended before run does. Close waits for run.
package browser
