package identity

import (
	"net/url"
	"strings"
)

// NormalServer is the one form of a server's URL that keys are remembered by: http or https, the host in lower case, no default port, no
// slash at the end, nothing behind the path. What is no URL stays as it is.
func NormalServer(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return server
	}
	scheme := strings.Replace(strings.ToLower(u.Scheme), "ws", "http", 1)
	host := strings.ToLower(u.Host)
	for _, port := range []string{"http:80", "https:443"} {
		name, number, _ := strings.Cut(port, ":")
		if scheme == name {
			host = strings.TrimSuffix(host, ":"+number)
		}
	}
	return scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
}
