package peer

import (
	"net/url"
	"strings"

	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Link is a room and what its guests know and the server does not: what people send to each other.
type Link struct {
	// Server and Room are what Join wants.
	Server, Room string
	// Secret is what Config.Secret wants; the zero value is a link without.
	Secret identity.Secret
}

// secretField is the name of the secret in the fragment, which browsers keep to themselves.
const secretField = "k="

// ParseLink reads a room link: "https://host/r/tea", or "https://host/r/tea#k=SECRET" with the 22 characters of a secret. Any other
// fragment is an error, and not passed over: who was sent a damaged link should not join without its secret. The error has CodeBadURL, or
// CodeBadRoom when the server is there and the room is not; it does not repeat the fragment.
func ParseLink(text string) (Link, error) {
	plain, fragment, has := strings.Cut(text, "#")
	server, room, err := ParseURL(plain)
	if err != nil {
		return Link{}, err
	}
	l := Link{Server: server, Room: room}
	if !has {
		return l, nil
	}
	secret, ok := strings.CutPrefix(fragment, secretField)
	if !ok {
		return Link{}, wrap(protocol.Errorf(protocol.CodeBadURL,
			"what is behind the # of the link is not the secret of a room, which begins with %q; was it copied whole?", secretField), "parse link")
	}
	if l.Secret, err = identity.ParseSecret(secret); err != nil {
		if len(secret) == len(identity.Secret{}.String()) {
			return Link{}, wrap(protocol.Errorf(protocol.CodeBadURL, "what is behind the # of the link is as long as a secret and is none: a character of it is wrong"), "parse link")
		}
		return Link{}, wrap(protocol.Errorf(protocol.CodeBadURL,
			"the secret behind the # of the link has %d characters and should be 22 letters, digits, - and _; was it copied whole?", len(secret)), "parse link")
	}
	return l, nil
}

// String is the link as people send it, with the secret in it: it opens the room, so do not log it.
func (l Link) String() string {
	server := strings.TrimRight(l.Server, "/")
	for ws, http := range map[string]string{"ws://": "http://", "wss://": "https://"} {
		if rest, ok := strings.CutPrefix(server, ws); ok {
			server = http + rest
		}
	}
	text := server + "/r/" + url.PathEscape(l.Room)
	if !l.Secret.IsZero() {
		text += "#" + secretField + l.Secret.String()
	}
	return text
}
