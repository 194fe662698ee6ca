// Package simulation runs the whole of signaling in one process and in fake time: real clients through the public interface
// of package peer, the real server, net/http and gorilla/websocket, over a network in memory that cuts, holes, delays, and kills
// the server with everything in flight. It holds them to the promise: no message lost, none twice, none out of its sender's
// order, one order for all in an epoch, and no more than three frames for each message.
//
// The delivery machine alone has a simulation of its own beside it, with a model of the server and a virtual clock, in which a seed is a
// run that can be had again. Here goroutines run as the scheduler likes: a seed is the same plan of messages and faults, not the same
// interleaving.
//
// What is said is judged at two places. The players (player_test.go) are applications: the
// oracle (oracle_test.go, judge_test.go) knows what they said and is told what they hear. The meter (meter_test.go) reads the wire: it counts every frame on every hop, and keeps the logs of the servers, to
// which the order in which the players heard of messages is compared. Neither asks the code under test.
//
//	goroutine           owns                                ends
//	the test's own      the plan: who says what, faults     when the plan is done
//	join's              a player's Join, again and again    when it is in, or is told to stop
//	player.listen       the room's Recv                     with the room
//	speak's             one Send or Signal                  with its answer
//	leave's             the end of a player                 when all that is its has ended
//	life's http.Server  the connections of one server       when that is killed
//	TestSeeds' workers  one seed after another              with the last
package simulation
