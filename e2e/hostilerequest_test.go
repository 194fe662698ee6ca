//go:build unix

package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
)

// hostileRequests are what is wrong before a body is looked at.
func hostileRequests() []assault {
	raw := func(name string, want [3]string, request func(path string) string) assault {
		return assault{name, want, func(a *attacker) string { return a.dial(request("/v1/" + string(a.way))).status() }}
	}
	// For a WebSocket a request is a GET, for the others a POST with a hello.
	with := func(header string) func(string) string {
		return func(path string) string {
			if path == "/v1/ws" {
				return "GET " + path + " HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
					"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: beckon.v1\r\n" + header + "\r\n"
			}
			return "POST " + path + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: " + fmt.Sprint(len(goodHello)) + "\r\n" + header + "\r\n" + goodHello
		}
	}
	method := func(name string) assault {
		want := [3]string{"HTTP 405", "HTTP 405 bad-request", "HTTP 405 bad-request"}
		return assault{name, want, func(a *attacker) string {
			return a.dial(name + " /v1/" + string(a.way) + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n").status()
		}}
	}
	forbidden := [3]string{"HTTP 403", "HTTP 403 forbidden", "HTTP 403 forbidden"}
	return []assault{
		method("PUT"),
		method("DELETE"),
		method("BECKON"),
		raw("a page of another origin", forbidden, with("Origin: https://evil.example\r\n")),
		raw("a page from a file or a sandbox", forbidden, with("Origin: null\r\n")),
		raw("an origin that is none", forbidden, with("Origin: evil\r\n")),
		raw("an empty origin", forbidden, with("Origin:\r\n")),
		raw("an origin that ends like ours", forbidden, with("Origin: http://evil.example.127.0.0.1\r\n")),
		raw("headers of 32 KiB", everywhere("HTTP 431"), with("X: "+strings.Repeat("x", 32<<10)+"\r\n")),
		raw("2,000 headers", everywhere("HTTP 431"), with(strings.Repeat("X-Some-Header: x\r\n", 2000))),
		raw("a header with a zero byte", everywhere("HTTP 400"), with("X: \x00\r\n")),
		raw("a header without a colon", everywhere("HTTP 400"), with("nonsense\r\n")),
		raw("two hosts", everywhere("HTTP 400"), with("Host: evil.example\r\n")),
		raw("no host", everywhere("HTTP 400"), func(path string) string {
			return "POST " + path + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
		}),
		raw("another protocol", everywhere("HTTP 400"), func(string) string { return "EHLO beckon\r\n\r\n" }),
		raw("TLS", everywhere("HTTP 400"), func(string) string { return "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" }),
		raw("HTTP/9.9", everywhere("HTTP 505"), func(path string) string { return "POST " + path + " HTTP/9.9\r\nHost: HOST\r\n\r\n" }),
		raw("two lengths", overHTTP("HTTP 400"), with("Content-Length: 1\r\n")),
		raw("a negative length", overHTTP("HTTP 400"), func(path string) string {
			return "POST " + path + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n"
		}),
		raw("an unknown transfer encoding", overHTTP("HTTP 501"), with("Transfer-Encoding: gzip\r\n")),
		raw("an expectation that nobody has", overHTTP("HTTP 417"), with("Expect: a miracle\r\n")),
		raw("chunks that are none", overHTTP("HTTP 400 bad-request"), func(path string) string {
			return "POST " + path + " HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"
		}),
		raw("a chunk of 2^64 bytes", overHTTP("HTTP 400 bad-request"), func(path string) string {
			return "POST " + path + " HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nx"
		}),
		raw("1 TB announced, and more than enough sent", overHTTP("HTTP 413 body-too-large"), func(path string) string {
			return "POST " + path + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1099511627776\r\n\r\n" + strings.Repeat(" ", 70_000)
		}),
		{"a body that breaks off", overHTTP("HTTP 400 bad-request"), func(a *attacker) string {
			p := a.dial("POST /v1/" + string(a.way) + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: 100\r\n\r\n" + goodHello[:20])
			if tcp, ok := p.Conn.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			return p.status()
		}},
		{"a GET without an upgrade", [3]string{"HTTP 426", "HTTP 405 bad-request", "HTTP 405 bad-request"}, func(a *attacker) string {
			return a.dial("GET /v1/" + string(a.way) + " HTTP/1.1\r\nHost: HOST\r\n\r\n").status()
		}},
		{"51 connections from one address", [3]string{"50, then HTTP 429", "50, then HTTP 429 rate-limited", "50, then HTTP 429 rate-limited"}, manyLinks},
		{"51 bodies under way from one address", overHTTP("50, then HTTP 429 rate-limited"), manyBodies},
		{"the same instance again and again", everywhere("4505 replaced, each time"), sameInstance},
	}
}

// manyLinks opens one more than an address may have.
func manyLinks(a *attacker) string {
	for range 50 {
		if l, trouble := a.begin(); l == nil {
			return trouble
		}
	}
	_, codes := a.open(goodHello).until(func(line) bool { return true })
	return "50, then " + strings.Join(codes, ", ")
}

// manyBodies begins one more than an address may have under way.
func manyBodies(a *attacker) string {
	request := "POST /v1/" + string(a.way) + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
	for range 50 {
		p := a.dial(request)
		// The server says this when it begins to read the body, so it has counted it.
		const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
		got := make([]byte, len(goOn))
		if _, err := io.ReadFull(p, got); err != nil || string(got) != goOn {
			return fmt.Sprintf("%q %v", got, err)
		}
	}
	return "50, then " + a.dial(request).status()
}

func sameInstance(a *attacker) string {
	h := helloOf("")
	var before *link
	for range 10 {
		l, err := a.hello(a.ctx, a.way, h)
		if err != nil {
			return err.Error()
		}
		a.closes = append(a.closes, l.Close)
		if before != nil {
			if _, codes := before.until(func(line) bool { return false }); strings.Join(codes, ", ") != "4505 replaced" {
				return strings.Join(codes, ", ")
			}
			if !l.resumed || l.peer != before.peer {
				return "the resume token was not good"
			}
		}
		before, h.Resume = l, l.resume
	}
	return "4505 replaced, each time"
}
