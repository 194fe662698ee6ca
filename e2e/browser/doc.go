// Package browser starts the browsers that are installed on this machine,
// headless, without a driver, each with a fresh profile, and ends them again
// with everything that they started.
//
// No driver, because a driver protocol is one more thing between a test and
// what it tests: a page that is simply opened does what it does for a user, and
// tells the test by an HTTP request what it found. Firefox and Chromium are so
// started in the same way, which no driver that Debian ships can do.
//
// A page that has no script of the test in it is worked by a Driver, which speaks
// what the browser itself speaks.
//
// A browser's goroutines belong to package process, a Driver's one is its own.
package browser
