// Package e2e tests Beckon from outside: the real binary on a free port, real
// browsers, and the rules of the floor plan that no single package can check.
//
// A browser test opens a page of a site (site_test.go) whose script is a file of
// testdata; the script does what an application would do and returns what it
// saw, and the test judges that. Beckon is started by serve (serve_test.go).
// Tests that click run Chromium by the DevTools protocol (screen_test.go).
// Two sides that exchange messages, each a browser or a Go program, are told
// by a task what to do and report what came (party_test.go); what should have
// come the test computes by itself (pattern_test.go).
//
// What is killed, or whose memory is measured, is a process: beckon itself, or
// this test program in another role (role_test.go). The members of the room
// whose server is killed report to a desk (crashdesk_test.go).
//
// Peers in houses behind NATs and firewalls of every kind are processes, too,
// and Chromium, each in its own network (labtown_test.go, package lab); LAB.md
// has what comes of it.
//
// Peers that verify each other, and the server between them that has gone bad (package middle), are in verify_test.go; the pages are on
// loopback, because only there, and over https, a browser lets them sign.
//
// A machine without a browser skips what needs one, with a sentence that says
// how to get it, unless BECKONTEST_REQUIRE_BROWSERS is 1.
//
//	goroutine          owns                              ends
//	site's server      the pages' HTTP connections       at the test's cleanup
//	process (package)  a browser or a beckon             at the test's cleanup
//	side (start)       one side of an exchange           at the test's cleanup
//	answer             a channel that may lose messages  when the other side closes it
//	console            the lines of a screen's console   at the test's cleanup
//	desk's server      the members' requests             at the test's cleanup
//	pageVerifier.read  what a page says of its calls     when the page is gone
//	goMeeting.answer   the channel of a meeting          when the room is left
//	desk.watch         word of a member's early end      when the member has ended
//	labMember's beat   how things are, told now and then when all has been heard
//	naiveClient.run    a connection to the naive server  at the benchmark's cleanup
//	sayToAll           signals under way                 when all have been received
package e2e
