// Package lights is the demo's game as `beckon bot game` plays it: boats that gather lights, 30 times a second, over channels that may lose
// messages, with no authority but rules that all share. They are in the README, with the wire; web/demo/src/game is the same in TypeScript,
// and testdata/vectors.json binds the two.
//
//	rules.go   boats, lights and numbers: pure functions of integers
//	wire.go    the packet
//	sea.go     what one player knows: its own boat, the lights, the others
//	judge.go   what is believed of what the others say
//	bot.go     a player that is a program
//	helm.go    the loop: ticks, and who is sent and heard
//
// All but the helm is without clock, goroutine and network.
//
//	goroutine    owns                            ends
//	Helm.Run     the clock of the game           with its ctx
//	Helm.Tell    sending to one other, one each  with its ctx, or the channel
//	Helm.Listen  hearing one other, one each     with its ctx, or the channel
//
// These are the caller's goroutines; the package starts none. A Helm guards its Sea with a mutex, which no network is waited for under.
package lights
