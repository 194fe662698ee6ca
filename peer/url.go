package peer

import (
	"net/url"
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// ParseURL splits a room link, as people send it to each other, into what Join wants: "https://host/r/tea" is the room "tea" of
// the server "https://host". The server may be below a path: all before the last "/r/" is kept. What is behind a # is dropped, and with it
// the secret that a link may have: see ParseLink. The error has CodeBadURL, or
// CodeBadRoom when the server is there and the room is not.
func ParseURL(link string) (server, room string, err error) {
	u, err := parseServer(link)
	if err != nil {
		return "", "", wrap(err, "parse url")
	}
	i := strings.LastIndex(u.Path, "/r/")
	if i < 0 {
		return "", "", wrap(protocol.Errorf(protocol.CodeBadURL,
			"%q names no room; a room link looks like %s://%s/r/tea", shown(u), u.Scheme, u.Host), "parse url")
	}
	room = strings.TrimSuffix(u.Path[i+len("/r/"):], "/")
	if err := checkRoom(room); err != nil {
		return "", "", wrap(err, "parse url")
	}
	u.Path = u.Path[:i]
	return u.String(), room, nil
}

// What a server has where, below its root.
const (
	socketPath = "/v1/ws"
	streamPath = "/v1/stream"
	pollPath   = "/v1/poll"
	sendPath   = "/v1/send"
)

// endpoint is where a server has one of them: the path is put behind the server's own, and for the WebSocket http becomes ws, for
// the others ws http.
func endpoint(server, path string) (string, error) {
	u, err := parseServer(server)
	if err != nil {
		return "", err
	}
	if strings.Contains(u.Path+"/", "/r/") {
		return "", protocol.Errorf(protocol.CodeBadURL, "%q is a room link; ParseURL makes a server and a room of it", shown(u))
	}
	if path == socketPath {
		u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	} else {
		u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	return u.String(), nil
}

func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	if err != nil {
		// The error of net/url repeats the URL, and with it a password that somebody may have put there.
		return nil, protocol.Errorf(protocol.CodeBadURL, "the server's URL does not parse; it looks like https://example.org")
	}
	switch {
	case u.Scheme == "" || u.Opaque != "" || u.Host == "" && u.Path != "":
		return nil, protocol.Errorf(protocol.CodeBadURL, "%.80q has no scheme; did you mean %.80q?", shown(u), "https://"+strings.TrimLeft(shown(u), "/"))
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ws" && u.Scheme != "wss":
		return nil, protocol.Errorf(protocol.CodeBadURL, "the scheme is %.20q; use https or http, or wss or ws", u.Scheme)
	case u.Hostname() == "":
		return nil, protocol.Errorf(protocol.CodeBadURL, "%.80q names no host; a server's URL looks like https://example.org", shown(u))
	case u.User != nil:
		return nil, protocol.Errorf(protocol.CodeBadURL, "a user in the URL is not used; give a Token in the Config")
	}
	u.RawQuery, u.Fragment, u.RawFragment, u.RawPath = "", "", "", ""
	return u, nil
}

// shown is a URL without what may be secret in it.
func shown(u *url.URL) string {
	plain := *u
	plain.User, plain.RawQuery, plain.Fragment = nil, "", ""
	return plain.String()
}

func checkRoom(room string) error {
	if !protocol.ValidRoom(room) {
		return protocol.Errorf(protocol.CodeBadRoom,
			"%.80q is not a room's name: 1 to 64 letters, digits and . _ ~ -, the first a letter or digit", room)
	}
	return nil
}
