// Package edge is one TCP port for everything: HTTPS, WebSockets, the carriers and TURN over TLS, with one certificate; or
// all of it without TLS, in development and behind a balancer that ends TLS. It is a listener that becomes two.
//
//	            from a configured proxy       Config.TLS is set          what the client says first
//	accept ──► PROXY header: who it is ──► handshake, ALPN ──┬──► a letter: HTTP/1 ──────────────► HTTP()
//	                                                         ├──► 00–03 and the magic cookie: STUN ► TURN()
//	                                                         ├──► ALPN h2: HTTP/2, unread ──────► HTTP()
//	                                                         └──► ALPN acme-tls/1: answered, closed
//
// The bytes decide, and not ALPN, which is none with most TURN clients: whoever speaks HTTP gets HTTP and whoever speaks STUN
// gets TURN, so that nobody's bytes are ever taken for the other protocol's, which is what cross-protocol attacks need. TLS
// inspection that offers http/1.1 for every connection does not keep a TURN client out either. The exception is h2: net/http
// serves HTTP/2 only on a *tls.Conn of its own, from which nothing was read. It checks the preface (RFC 9113 section 3.4)
// and closes what says anything else. ChannelData cannot come first: there is no channel before a request.
//
// HTTP() is for http.Server.Serve, with no field of that set for it: Request.TLS, HTTP/2, hijacking and deadlines are those of
// net/http. What was accepted belongs to who accepted it; Shutdown and Close end the port and what is still under way to a decision.
//
// A PROXY header is required from Config.Proxies and refused from everybody else, because a receiver that accepts it or its
// absence lets whoever gets a connection through the proxy say who it is. Version 2 is what balancers send; version 1 is read
// as well, for that is all that nginx can send. A LOCAL header, of a proxy's own health check, keeps the connection's address.
//
// Goroutines, all of which Shutdown and Close wait for:
//
//	goroutine            owns                                             ends
//	Edge.accept          the listener                                     when the listener is closed
//	Edge.greet, each     a connection until it is handed over or refused  by the deadlines of Limits, and when it is accepted
//	acmeSource.obtain    the first certificate of a domain (ACME only)    with the CA's answer; Certificates.Close ends its requests
//
// crypto/tls has one more while a handshake lasts, autocert one for files and timers for renewals.
package edge
