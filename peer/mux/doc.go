// Package mux is the channels of two peers that are connected: many over few data channels, with messages of any size, flow control
// for each, and some that outlive the connection. It is a leaf: it knows neither WebRTC nor rooms, and package peer gives it data channels to write on. The
// README is the specification, and says what the words mean.
//
// A [Mux] is one side of a peer, a [Link] its connection of the moment, a [Channel] what applications use.
//
// # Who runs
//
// Sends run in their caller's goroutine: it takes the link's turn, which is given in the order in which it was asked for, and writes one frame of its message
// in it. So channels share a connection frame by frame, and control frames, which whoever has the turn writes first, wait for one frame at
// most. Small messages on a lane go into its batch without the turn, and leave with the next who has it. What comes is handled in the goroutine of the trunk's pump and never waits: a message is copied once, into the channel's queue, which flow control bounds.
//
//	goroutine          one per          owns                                      ends
//	Link.write         link, at most    control frames that no sender has taken   when there are none
//	                                    along; batches; queues with MaxQueueAge
//	Channel.writeKept  durable channel, sending what it keeps                     when all is sent, or the link is over
//	                   at most
//	(opening)          trunk            Connection.Open                           when that returns
//	Link.reopen        link             opening durable channels again            when all are
//
// Link.Detach waits for all of them. Timers (of ACK, of what was lost, of durable channels that do not come again) run for a moment under a channel's mutex.
//
// Mutexes are taken in this order: Mux.mu, Channel.mu of one channel, Link.mu; those of turns, controls, batch and budget are leaves. Connection.Fail and
// Config.Accept are called with none of them held; WriteFrame with the turn, which is none.
package mux
