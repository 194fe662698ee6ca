package edge

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
)

// pieces is a connection on which bytes come in the pieces that cuts say.
type pieces struct {
	net.Conn // none: what is not below must not be called
	rest     []byte
	cuts     []byte
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := len(p.rest)
	if len(p.cuts) > 0 {
		n, p.cuts = min(n, int(p.cuts[0])+1), p.cuts[1:]
	}
	n = copy(b, p.rest[:n])
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pieces) SetReadDeadline(time.Time) error { return nil }

func FuzzPeek(f *testing.F) {
	for _, s := range []string{"", "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", string(binding), "\x00\x01\x00\x00\x21\x12\xA4", "\x40\x00\xFF\xFC",
		"\x16\x03\x01", "\r\n\r\n\x00\r\nQUIT\n\x21\x11", "\r\n\r\n", "\x03\xff\xff\xff\x21\x12\xA4\x43", "\xff"} {
		f.Add([]byte(s), []byte{0, 0, 0, 0, 0, 0, 0, 0, 0})
		f.Add([]byte(s), []byte{3, 200})
	}
	f.Fuzz(func(t *testing.T, said, cuts []byte) {
		whole := classify(said[:min(len(said), headSize)])
		s := newStream(&pieces{rest: bytes.Clone(said), cuts: cuts})
		got, err := peek(s)
		if got != whole || (err != nil) != (whole == tooFew) {
			t.Fatalf("%q in pieces %v: %d, %v; whole it is %d", said, cuts, got, err, whole)
		}
		if whole == tooFew && len(said) >= headSize {
			t.Fatalf("%q is not decided", said)
		}
		if err != nil {
			return
		}
		if rest, err := io.ReadAll(s); err != nil || !bytes.Equal(rest, said) {
			t.Fatalf("%q was sent, and %q, %v read", said, rest, err)
		}
	})
}

func FuzzHeader(f *testing.F) {
	for _, client := range []string{"198.51.100.7:5000", "[2001:db8::7]:5000"} {
		for version := range byte(2) {
			f.Add(append(header(f, version+1, client), "GET /"...), []byte{200, 10})
		}
	}
	f.Add([]byte(localHeader+"x"), []byte{0, 0, 0})
	f.Add([]byte("PROXY UNKNOWN\r\nx"), []byte{})
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x31\x00\xD8"), []byte{})
	ln := newPipes()
	e := New(ln, Config{})
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, said, cuts []byte) {
		s := newStream(&placedPieces{pieces{rest: bytes.Clone(said), cuts: cuts}})
		g := greeting{Edge: e}
		if no := g.readHeader(s); no != nil {
			if no.reason == Closing {
				t.Fatal(no)
			}
			return
		}
		if !addressOf(s).IsValid() {
			t.Errorf("%q: a client without an address: %v", said, s.RemoteAddr())
		}
		size := bytes.IndexByte(said, '\n') + 1
		if bytes.HasPrefix(said, proxyproto.SIGV2) {
			size = 16 + int(said[14])<<8 + int(said[15])
		}
		if rest, err := io.ReadAll(s); err != nil || !bytes.Equal(rest, said[size:]) {
			t.Fatalf("%q was sent, and %q, %v read behind the header", said, rest, err)
		}
	})
}

// placedPieces have an address.
type placedPieces struct{ pieces }

func (*placedPieces) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.1:1"))
}

// TestReadCostsNothing once what was put back is read.
func TestReadCostsNothing(t *testing.T) {
	s := newStream(&pieces{rest: make([]byte, 1<<20)})
	s.unread([]byte("ahead"))
	buf := make([]byte, 64)
	if n, err := s.Read(buf); string(buf[:n]) != "ahead" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
	if n := testing.AllocsPerRun(1000, func() { _, _ = s.Read(buf) }); n != 0 {
		t.Errorf("%v allocations for a read", n)
	}
}

// TestPutBackTwice is a PROXY header with more behind it, which is then looked at.
func TestPutBackTwice(t *testing.T) {
	t.Parallel()
	s := newStream(&pieces{rest: []byte("defgh")})
	s.unread([]byte("abc"))
	if kind, err := peek(s); kind != sawHTTP || err != nil {
		t.Fatal(kind, err)
	}
	r := bufio.NewReader(s)
	if b, err := io.ReadAll(r); string(b) != "abcdefgh" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestCopy goes by the methods with which io.Copy spares itself a buffer.
func TestCopy(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := newStream(accepted)
	defer s.Close()
	if _, err := io.WriteString(client, "GET / HTTP/1.1"); err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	if _, err := peek(s); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	if n, err := io.Copy(&all, s); err != nil || n != 14 || all.String() != "GET / HTTP/1.1" {
		t.Errorf("%d bytes, %q, %v", n, all.String(), err)
	}
	s.unread([]byte("again"))
	if n, err := io.Copy(brokenWriter{}, s); n != 2 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if b, err := io.ReadAll(s); string(b) != "ain" {
		t.Errorf("%q, %v", b, err)
	}
}

// brokenWriter takes two bytes.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 2, os.ErrClosed }
