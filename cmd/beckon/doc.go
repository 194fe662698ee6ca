// Command beckon is the whole of Beckon as one program: a signaling server, a STUN and TURN relay and the demo
// (`beckon serve`), the relay alone (`beckon turn`), files and streams from machine to machine (`beckon send`, `beckon receive`,
// `beckon pipe`), bots to try them with (`beckon bot`), the keys and the tokens that let people in (`beckon keys`, `beckon token`,
// `beckon identity`), `beckon health` and `beckon version`.
//
// This package is the only one that knows flags, environment variables, the standard streams and signals. It makes the
// logger, binds the listeners and joins the packages that do the work, which do not know each other:
//
//	who may join, and what ICE servers     signaling asks access, which knows the packages token and webhook, and servers
//	who pays for a relay, and its scope    turnserver asks signaling
//	that a relay is over, or a limit met   signaling tells turnserver, and turnserver signaling
//	what a TCP connection is               edge hands it to net/http or to turnserver
//	what all of them count                 the admin listener makes metrics of it
//
// After a SIGHUP access goes by the keys that are then in the file.
//
// Exit codes: 0 all went well, Ctrl-C included; 1 it did not work; 2 the command line makes no sense. Every error is
// one sentence on stderr that ends in what to do.
//
//	goroutine      owns                                    ends
//	main           everything; waits for all but the next  with the process
//	interrupted    the signals                             with the process
//	http           http.Server.Serve of `serve`            Shutdown or Close of the HTTP server
//	relaying       turnserver.Serve of the TCP port        when the port or the relay is closed
//	prepare        the first certificates, with ACME       port.close
//	admin          http.Server.Serve of the operator's     admin.close
//	drain          the relay's Shutdown, after Ctrl-C      when that has drained or the grace is over
//	echo peer      a connected peer of `bot echo`          when the peer or the bot is closed
//	echo limits    the events of the bot's room            when the room or the bot is closed
//	echo channel   a data channel of such a peer           when the channel is closed
//	(events)       the events of a room of send and so on  when it is left
//	(drawing)      the line of progress                    when there is no more to draw
//	sending        accepting peers, answering requests     when it is left, as each offer and answer
//	proposals      reading the offers that come            when it is left, as the watch over a stalled transfer
//	(question)     waiting for y or n                      when somebody answers, or with the process
//	copyIn         reading stdin of pipe                   at the end of stdin, or with the process
//	copyOut        writing stdout of pipe                  with the direction, or the channel
//	(refusing)     further peers of pipe                   with the pipe
//
// After SIGTERM or Ctrl-C, `serve` ends in this order; --grace bounds all of it, and a second signal cuts it off:
//
//	at once        signaling answers new connections with 503 and Retry-After and sends every client goaway, with the window
//	               that the grace leaves; the relay begins to drain; pages are answered as before, /readyz says draining
//	in the window  clients leave, each at its own moment, and nobody is told that they are away or have left
//	then           who is still there is closed with 4000; the port is closed; requests that are being answered are finished
//	to the last    who is relayed is so; /metrics and /healthz are answered
//
// The servers' and the peers' own goroutines are in the tables of their packages.
package main

//go:generate go run . config-table --write ../../README.md
//go:generate go run . metrics-table --write ../../docs/deploy.md
