// Package protocol is Beckon's wire: the messages that a signaling server and its clients exchange, their limits, their
// error and close codes, and the pure decisions that both ends must take alike.
//
//	client                         server                         client
//	  │ hello ─────────────────────▶ │                               │
//	  │ ◀──────────────────── welcome │                               │
//	  │ join ──────────────────────▶ │                               │
//	  │ ◀───────────────────── joined │ event{joined} ──────────────▶ │
//	  │ signal{to} ────────────────▶ │ signal{from} ───────────────▶ │
//	  │ ◀──────────────── receipt{from} │ ◀──────────────── receipt{to} │
//
// README.md in this folder is the specification; testdata holds the vectors that this package and the TypeScript SDK both
// run; codes.go is the one table of codes, from which the SDK's is generated.
//
// A server uses [Parse] on every frame, [Decode] for the few it must understand, and [Forward] for those it only routes:
// it never decodes what peers say to each other. A client uses [Encode], [Parse] and [Decode]. Apps use neither: they use
// package peer or the browser SDK.
//
// The package imports the standard library alone, starts no goroutine and keeps no state; every function may be called from
// any goroutine.
package protocol

//go:generate go run ./tsgen -out ../../web/sdk/src/protocol_gen.ts
