package turnserver

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pion/stun/v4"
)

// header is that of a STUN message, with whatever is written in it.
func header(typ, length uint16, cookie uint32) []byte {
	h := binary.BigEndian.AppendUint16(nil, typ)
	h = binary.BigEndian.AppendUint16(h, length)
	return append(binary.BigEndian.AppendUint32(h, cookie), "transaction."...)
}

// refusedMessages are datagrams that are no STUN, or none for a server.
func refusedMessages() refusedGroup {
	g := refusedGroup{title: "Datagrams", says: "From a client without an allocation."}
	binding := func(attrs ...stun.Setter) []byte {
		return stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.BindingRequest}, attrs...)...).Raw
	}
	of := func(method stun.Method, class stun.MessageClass, attrs ...stun.Setter) []byte {
		return stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.NewType(method, class)}, attrs...)...).Raw
	}
	with := func(raw []byte, change func([]byte) []byte) []byte { return change(raw) }
	for _, c := range []struct {
		name, want, counter string
		raw                 []byte
	}{
		{"nothing", wasSilence, dropMalformed.String(), nil},
		{"one byte", wasSilence, dropMalformed.String(), []byte{0}},
		{"a STUN header of 19 bytes", wasSilence, dropMalformed.String(), header(1, 0, magicCookie)[:19]},
		{"a Binding request without the magic cookie (RFC 3489)", wasSilence, dropMalformed.String(), header(1, 0, 0)},
		{"a Binding request that says it is longer than it is", wasSilence, dropMalformed.String(), header(1, 8, magicCookie)},
		{"a Binding request of a length that is no multiple of 4", wasSilence, dropMalformed.String(), append(header(1, 3, magicCookie), 1, 2, 3)},
		{"bytes behind a Binding request", wasSilence, dropMalformed.String(), append(header(1, 0, magicCookie), "more"...)},
		{"an attribute that says it is longer than the message", wasSilence, dropMalformed.String(), append(header(1, 4, magicCookie), 0x80, 0x22, 0, 8)},
		{"an attribute of two bytes, header included", wasSilence, dropMalformed.String(), append(header(1, 4, magicCookie), 0x80, 0x22, 0xff, 0xff)},
		{"a FINGERPRINT that does not match", wasSilence, dropMalformed.String(), with(binding(stun.Fingerprint), func(raw []byte) []byte { raw[len(raw)-1] ^= 1; return raw })},
		{"a Binding request with an unknown attribute that must be understood", "420", "", binding(attribute(0x7abc, 1, 2, 3, 4))},
		{"a Binding request with CHANGE-REQUEST (RFC 5780)", "420", "", binding(attribute(0x0003, 0, 0, 0, 6))},
		{"a Binding indication", wasSilence, dropUnexpected.String(), of(stun.MethodBinding, stun.ClassIndication)},
		{"a Binding success response", wasSilence, dropUnexpected.String(), of(stun.MethodBinding, stun.ClassSuccessResponse)},
		{"a Binding error response", wasSilence, dropUnexpected.String(), of(stun.MethodBinding, stun.ClassErrorResponse)},
		{"an Allocate success response", wasSilence, dropUnexpected.String(), of(stun.MethodAllocate, stun.ClassSuccessResponse)},
		{"a Send indication with an unknown attribute that must be understood", wasSilence, dropUnexpected.String(),
			of(stun.MethodSend, stun.ClassIndication, attribute(0x7abc, 1, 2, 3, 4))},
		{"a Data indication, which only servers send", wasSilence, dropUnexpected.String(), of(stun.MethodData, stun.ClassIndication, attribute(stun.AttrData, 1))},
		{"a request of the method Shared Secret (RFC 3489)", wasSilence, dropUnexpected.String(), of(0x002, stun.ClassRequest)},
		{"a request of an unknown method", wasSilence, dropUnexpected.String(), of(0x0ff, stun.ClassRequest)},
		{"a request of the method Send, which has only indications", wasSilence, dropUnexpected.String(), of(stun.MethodSend, stun.ClassRequest)},
		{"a datagram of 1,604 bytes", wasSilence, dropOversized.String(), binding(attribute(0x8fff, make([]byte, 1580)...))},
		{"a datagram of 60,000 bytes", wasSilence, dropOversized.String(), binding(attribute(0x8fff, make([]byte, 60000)...))},
		{"an HTTP request", wasSilence, dropMalformed.String(), []byte("GET / HTTP/1.1\r\nHost: relay\r\n\r\n")},
		{"a DNS query", wasSilence, dropMalformed.String(), []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01")},
		{"a DTLS ClientHello", wasSilence, dropMalformed.String(), append([]byte{22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 1}, make([]byte, 39)...)},
		{"an SSDP search", wasSilence, dropMalformed.String(), []byte("M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n")},
		{"200 unknown attributes that must be understood", "420", "", append(header(1, 800, magicCookie), []byte(strings.Repeat("\x7a\xbc\x00\x00", 200))...)},
	} {
		g.list = append(g.list, refusedCase{name: c.name, want: both(c.want), counter: both(droppedAs(c.counter)), raw: c.raw,
			run: func(r *rig) string { return r.throw(c.raw) }})
	}
	return g
}

// droppedAs is the name of a counter of messages that got no answer, "" for none.
func droppedAs(why string) string {
	if why == "" {
		return ""
	}
	return "Dropped." + why
}

// refusedStreams are TCP connections, and such of TLS, that are no TURN or that hold something open.
func refusedStreams() refusedGroup {
	g := refusedGroup{title: "Connections", says: "Over TCP. The deadlines are those of `Limits`, and short in the test."}
	hasty := func(c *Config) {
		c.Limits.TCPRest, c.Limits.TCPAllocate, c.Limits.TCPWrite = 50*time.Millisecond, 300*time.Millisecond, 50*time.Millisecond
	}
	bad, none := both("BadStreams"), both("")
	add := func(name string, counter [modes]string, config func(*Config), send func(c net.Conn)) {
		g.list = append(g.list, refusedCase{name: name, want: both(wasClosed), counter: counter, config: config, run: func(r *rig) string {
			c := dial(r.t, r.s, "tcp")
			send(c)
			return untilClosed(c)
		}})
	}
	write := func(raw []byte) func(net.Conn) { return func(c net.Conn) { _, _ = c.Write(raw) } }
	add("40 00 FF FC, the ChannelData whose length overflows", bad, nil, write([]byte{0x40, 0, 0xff, 0xfc}))
	add("ChannelData one byte above what a message may have", bad, nil, write([]byte{0x40, 0, 6, 61}))
	add("a STUN message above what one may have", bad, nil, write(header(1, 4000, magicCookie)))
	add("a STUN message of a length that is no multiple of 4", bad, nil, write(header(1, 2, magicCookie)))
	add("a STUN message without the magic cookie", bad, nil, write(header(1, 0, 0x12345678)))
	add("an HTTP request", bad, nil, write([]byte("GET / HTTP/1.1\r\nHost: relay\r\n\r\n")))
	add("a TLS ClientHello on a plain port", bad, nil, write([]byte{22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}))
	add("zeros", bad, nil, write(make([]byte, 64)))
	add("the first half of a message, and then nothing", bad, hasty, write(header(1, 0, magicCookie)[:10]))
	add("a message at a byte for every 20 ms", bad, hasty, trickle(header(1, 0, magicCookie)))
	add("nothing at all", none, hasty, func(net.Conn) {})
	add("Binding requests for ever, and no allocation", none, hasty, func(c net.Conn) {
		for {
			if _, err := c.Write(header(1, 0, magicCookie)); err != nil {
				return
			}
			if _, err := c.Read(make([]byte, 256)); err != nil {
				return
			}
		}
	})
	g.list = append(g.list, refusedCase{
		name: "requests, without ever reading an answer", want: both(wasClosed), config: hasty,
		run: func(r *rig) string {
			c := dial(r.t, r.s, "tcp")
			_ = c.(*net.TCPConn).SetReadBuffer(4096)
			// A client whose window is shut does not hear that the server has closed: the server is asked.
			for end := time.Now().Add(patience); time.Now().Before(end); {
				if st := r.s.Stats(); st.TCPConnsTotal > 0 && st.TCPConns == 0 {
					return wasClosed
				}
				_ = c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
				_, _ = c.Write(header(1, 0, magicCookie))
			}
			return "open"
		},
	}, refusedCase{
		name: "one connection more than there may be: the oldest without an allocation", want: both(wasClosed), counter: both("TCPRefused"), config: func(c *Config) { c.Limits.TCPConns = 3 },
		run: func(r *rig) string {
			var open []net.Conn
			for range 3 {
				c := dial(r.t, r.s, "tcp")
				open = append(open, c)
				_, _ = c.Write(header(1, 0, magicCookie))
				if _, err := io.ReadFull(c, make([]byte, 20)); err != nil {
					return err.Error()
				}
			}
			dial(r.t, r.s, "tcp")
			return untilClosed(open[0])
		},
	})
	for _, c := range []struct {
		name string
		send func(c net.Conn)
	}{
		{"a TLS handshake that never begins", func(net.Conn) {}},
		{"a TLS handshake that stops in the middle of its first message", write([]byte{22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3})},
		{"a TLS handshake at a byte for every 20 ms", trickle(append([]byte{22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}, make([]byte, 500)...))},
		{"no TLS on a port of TLS", write(header(1, 0, magicCookie))},
	} {
		g.list = append(g.list, refusedCase{name: c.name, want: both(wasClosed), config: hasty, run: func(r *rig) string {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				r.t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() {
				served <- r.s.Serve(tls.NewListener(ln, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: nil, GetCertificate: noCertificate}))
			}()
			r.t.Cleanup(func() { _ = ln.Close(); <-served })
			conn, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				r.t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience))
			c.send(conn)
			return untilClosed(conn)
		}})
	}
	return g
}

// trickle writes raw at a byte for every 20 ms. What is still open behind the last one was never cut off, and has no more time.
func trickle(raw []byte) func(net.Conn) {
	return func(c net.Conn) {
		for _, b := range raw {
			_, err := c.Write([]byte{b})
			if err == nil {
				_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) // a clock that ends with the connection
				_, err = c.Read(make([]byte, 1))
			}
			var timeout net.Error
			if err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
				_ = c.SetReadDeadline(time.Now().Add(patience))
				return
			}
		}
		_ = c.SetReadDeadline(time.Now())
	}
}

// noCertificate is never asked for one by who does not come so far.
func noCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, errors.New("no certificate")
}

// untilClosed reads what is answered until the server closes the connection.
func untilClosed(c net.Conn) string {
	var timeout net.Error
	if _, err := io.Copy(io.Discard, c); errors.As(err, &timeout) && timeout.Timeout() {
		return "open"
	}
	return wasClosed
}
