package edge

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
)

// BenchmarkRead compares connections that came through an Edge with those that did not: what they cost once it is decided what
// they are. Run it as
//
//	go test ./edge -run '^$' -bench Read -benchmem
func BenchmarkRead(b *testing.B) {
	a := newAuthority(b)
	for _, secure := range []bool{false, true} {
		name, cfg := "plain", Config{}
		if secure {
			name, cfg.TLS = "tls", a.server(b)
		}
		b.Run(name+"/edge", func(b *testing.B) {
			ln := loopback(b)
			e := New(ln, cfg)
			b.Cleanup(func() { _ = e.Close() })
			benchmarkRead(b, e.Addr(), e.TURN(), a, secure)
		})
		b.Run(name+"/bare", func(b *testing.B) {
			ln := loopback(b)
			b.Cleanup(func() { _ = ln.Close() })
			addr := ln.Addr()
			if secure {
				ln = tls.NewListener(ln, serverConfig(cfg.TLS))
			}
			benchmarkRead(b, addr, ln, a, secure)
		})
	}
}

func loopback(b *testing.B) net.Listener {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return ln
}

// benchmarkRead reads messages of 1,000 bytes, as the relay's are.
func benchmarkRead(b *testing.B, addr net.Addr, ln net.Listener, a *authority, secure bool) {
	client, err := net.Dial("tcp", addr.String())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	if secure {
		client = tls.Client(client, a.client())
	}
	sent := make(chan struct{})
	defer func() { <-sent }()
	go func() {
		defer close(sent)
		message := append(binding[:len(binding):len(binding)], make([]byte, 1000-len(binding))...)
		for {
			if _, err := client.Write(message); err != nil {
				return
			}
		}
	}()
	server, err := ln.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	message := make([]byte, 1000)
	b.SetBytes(1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.ReadFull(server, message); err != nil {
			b.Fatal(err)
		}
	}
}
