package peer_test

import (
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		link, server, room string
		code               protocol.ErrorCode
	}{
		{"http://127.0.0.1:8080/r/tea", "http://127.0.0.1:8080", "tea", ""},
		{"https://example.org/meet/r/tea/?x=1#y", "https://example.org/meet", "tea", ""},
		{"wss://example.org/r/r/r/b", "wss://example.org/r/r", "b", ""},
		{"http://example.org/", "", "", protocol.CodeBadURL},
		{"example.org/r/tea", "", "", protocol.CodeBadURL},
		{"http://example.org/r/", "", "", protocol.CodeBadRoom},
		{"http://example.org/r/a%20b", "", "", protocol.CodeBadRoom},
		{"http://exa mple.org/r/tea", "", "", protocol.CodeBadURL},
	} {
		server, room, err := peer.ParseURL(c.link)
		if server != c.server || room != c.room || peer.Code(err) != c.code {
			t.Errorf("%q: got %q %q %v", c.link, server, room, err)
		}
	}
}
