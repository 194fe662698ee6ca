// Package delivery decides how messages come through: what is numbered, kept, sent, sent again, receipted, dropped and delivered,
// and who counts as present, whatever happens to connections and servers. The rules and their reasons are in README.md.
//
// It is a pure function of events. A [Machine] serves one membership of one room by one instance; its owner feeds it with
// [Machine.Step] and does what the effects say: write frames, run timers, tell the app. The machine has no clock, no I/O, no
// randomness and no goroutine, and nothing in it depends on the order of a map, so the same events always have the same effects.
//
//	app ── Send, Say ──▶ ┌─────────┐ ── Resolved, Failed, Direct, Message, Joined, Left … ──▶ app
//	                     │ Machine │
//	carrier ── Received, │         │ ── Transmit, Wake ──▶ carrier
//	  Lost, Writable ──▶ │         │
//	timers ─ TimerFired▶ └─────────┘ ── SetTimer, ClearTimer ──▶ timers
//
// The browser SDK's machine.ts is a port of it, line by line; testdata has the vectors that hold both to the same effects. A
// change here is a change there.
//
// The owner guards a machine: no two of its methods may run at once. The package imports the standard library and package
// protocol alone.
package delivery
