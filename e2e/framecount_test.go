//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
)

// frames counts the WebSocket messages that clients and a server exchange, from below the client: also those of which its library
// tells nothing. Pings, pongs and closes of the WebSocket are not counted.
type frames struct {
	sent, received atomic.Int64
}

func (f *frames) total() int64 { return f.sent.Load() + f.received.Load() }

// dial is for Config.Dial and websocket.Dialer.
func (f *frames) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn, in: frameScanner{count: &f.received}, out: frameScanner{count: &f.sent}}, nil
}

// countedConn is a connection of which each direction is scanned. As of any connection of a WebSocket library, one goroutine reads
// it and one at a time writes.
type countedConn struct {
	net.Conn
	in, out frameScanner
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.in.scan(b[:n])
	return n, err
}

func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.out.scan(b[:n])
	return n, err
}

// frameScanner finds the frames (RFC 6455, section 5.2) in one direction of a connection, in pieces of any size.
type frameScanner struct {
	count   *atomic.Int64
	head    []byte // of HTTP up to the empty line, then of the frame that begins
	begun   bool   // HTTP is over
	payload uint64 // of the frame, that is still to come
}

func (s *frameScanner) scan(b []byte) {
	for len(b) > 0 {
		if skip := min(s.payload, uint64(len(b))); skip > 0 {
			s.payload -= skip
			b = b[skip:]
			continue
		}
		s.head = append(s.head, b[0])
		b = b[1:]
		switch {
		case !s.begun:
			if bytes.HasSuffix(s.head, []byte("\r\n\r\n")) {
				s.begun, s.head = true, s.head[:0]
			}
		case len(s.head) >= 2 && len(s.head) == headerBytes(s.head[1]):
			s.payload = payloadBytes(s.head)
			if opcode := s.head[0] & 0xf; opcode == 1 || opcode == 2 {
				s.count.Add(1)
			}
			s.head = s.head[:0]
		}
	}
}

// headerBytes is how long a frame's header is, by its second byte.
func headerBytes(second byte) int {
	n := 2
	switch second & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&0x80 != 0 {
		n += 4 // the mask
	}
	return n
}

func payloadBytes(header []byte) uint64 {
	switch n := header[1] & 0x7f; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(header[2:]))
	case 127:
		return binary.BigEndian.Uint64(header[2:])
	default:
		return uint64(n)
	}
}

func TestFrameScanner(t *testing.T) {
	t.Parallel()
	stream := []byte("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
	want := 0
	for _, masked := range []bool{false, true} {
		for _, opcode := range []byte{1, 2, 0, 8, 9, 10} {
			for _, size := range []int{0, 1, 125, 126, 1000, 1<<16 - 1, 1 << 16} {
				stream = append(stream, wsFrame(opcode, size, masked)...)
				if opcode == 1 || opcode == 2 {
					want++
				}
			}
		}
	}
	var count atomic.Int64
	s := frameScanner{count: &count}
	for rest := stream; len(rest) > 0; {
		n := min(1+rand.IntN(300), len(rest))
		s.scan(rest[:n])
		rest = rest[n:]
	}
	if int(count.Load()) != want || s.payload != 0 || len(s.head) != 0 {
		t.Errorf("counted %d messages, want %d; %d bytes of a payload and %d of a header are open", count.Load(), want, s.payload, len(s.head))
	}
}

// wsFrame makes a frame whose payload looks like other frames.
func wsFrame(opcode byte, size int, masked bool) []byte {
	frame := []byte{0x80 | opcode, 0}
	switch {
	case size > 0xffff:
		frame[1] = 127
		frame = binary.BigEndian.AppendUint64(frame, uint64(size))
	case size > 125:
		frame[1] = 126
		frame = binary.BigEndian.AppendUint16(frame, uint16(size))
	default:
		frame[1] = byte(size)
	}
	if masked {
		frame[1] |= 0x80
		frame = append(frame, 1, 2, 3, 4)
	}
	return append(frame, bytes.Repeat([]byte{0x81}, size)...)
}
