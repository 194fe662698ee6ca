// Package peer is Beckon's Go client: it joins a room of a signaling server, meets the other peers in it, and connects to them
// over WebRTC data channels. The others may be browsers or programs; bots are made of this package.
//
//	room, err := peer.Join(ctx, "https://example.org", "tea", nil)   // who is here: room.Peers, room.Recv
//	p, err := room.Accept(ctx)                                       // the next peer that is connected
//	ch, err := p.Open(ctx, "chat", nil)                              // or p.Accept
//	err = ch.SendText(ctx, "hello")                                  // waits while the other side does not read
//	data, isText, err := ch.Recv(ctx)
//
// A channel is there as soon as it is opened, is cheap, and takes messages of any size up to 256 MiB; ChannelOptions say whether it may lose
// or reorder them, or must go on when the connection is replaced. Many of them share few data channels (package mux), so who does not read
// one of them holds up nobody else. One that is to be a data channel of its own, for a peer that is no Beckon SDK, is opened as Raw.
//
// What is asked for once and answered once is a request, with a deadline, an error of the application's own, and bodies that stream:
//
//	response, err := p.Request(ctx, "photo/7", nil)                  // the answer is response.Body
//	r, err := room.AcceptRequest(ctx)                                // the next one, of any peer
//	err = r.Respond(ctx, file)                                       // or r.Fail
//
// And what speaks over a net.Conn speaks over a channel: [Peer.Dial], [Room.Listen], [NetConn]. So net/http runs between peers.
//
// Who must not take the server's word for whom it is connected to sets Config.Secret, Config.Identity or Config.Trust: then nobody is connected who
// does not prove who they are (package identity). [ParseLink] reads links that have such a secret:
//
//	link, err := peer.ParseLink("https://example.org/r/tea#k=oYh3TtFGWrnSN2bPuJhC6A")
//	room, err := peer.Join(ctx, link.Server, link.Room, &peer.Config{Secret: link.Secret})
//
// Everything is pulled, with a context that bounds the call: there are no callbacks. State can be read at any time; events say
// that it changed. Errors have a code; see [Code] and package protocol. What ends has a Context whose cause says why.
//
// Where a WebSocket does not come through, a room's frames ride on a stream or on polls, with the same meaning; see Config.Carriers and
// package protocol's README.
//
// A room outlives its connection to the server. When that is lost, or the server restarts, another one is made, at random moments that get
// rarer, and the room goes on where it was: with the same peer id, with all that was said meanwhile, and with its channels, which notice
// nothing. What is said with Room.Send and Peer.Signal arrives once and in order (package delivery); the calls just take longer. Only a
// server with another secret, or one that was out of reach for a day, makes this a new peer: then there is an EventGap, all others are
// new, and what was not settled fails with CodeConnectionLost. See Room.State for who wants to know.
//
// # Goroutines
//
// All of them are this room's, and Room.Close waits for them. Those that Pion starts for a connection are waited for by its
// run, as far as Pion can: it leaves its accept loop and its handlers a moment to end. Timers are no goroutines while they wait:
// those of the delivery machine run for a moment under the room's mutex, and do nothing once it is closed. Those of net/http end with
// the connections of a carrier over HTTP, all of which are closed with it.
//
//	goroutine       one per          owns                                   ends
//	Room.keep       room             connecting again                       when the server refuses this peer, or Close stops it
//	Room.renew      warning          getting a fresh token                  when it has one, or its connection or the room ends
//	carrier.read    carrier          reading, polling; applying what comes  when the connection ends
//	carrier.write   carrier          writing, posting; the pace; heartbeats when the connection ends
//	(addresses)     room             looking for changes of the network     when there is no connection, or the room ends
//	connection.run  peer connection  negotiation; closing the connection    when all below have, after the peer's Context; 30 s later
//	                                                                        if channels wait to be accepted still
//	connection.     peer connection  pings and pongs that are to be said    when there are none; they may wait for the window
//	speak
//	(reporting)     opening          reading the statistics of it           when Pion has given them
//	rawChannel.     raw channel      reading the data channel               when the stream ends and what came is read or
//	pump                                                                    given up by Close of channel, peer or room
//	                trunk, control   the same; it never waits for anybody   when the connection ends and what came is read
//	(opening)       data channel     one open in flight                     when the other side answers, or the connection ends
//	(closing)       Close of a raw   the reset of the stream                when the other side has answered it, or does not
//	                channel                                                 for 5 s, or the connection ends
//	exchange.send   request with a   reading and sending the body           when it is sent, or the request is over and a Read
//	                body of ours                                           that waits has returned, which closing it ends
//	burst.Conn.     socket           sending what is held back              when nothing more comes; Pion waits for it to close
//	flush                                                                   the socket
//	(package mux)   link             what channels say besides messages     when the connection ends; junction.detach waits for it
package peer
