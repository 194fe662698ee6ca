package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// sentence is what an error says to people: the text of its code, without the names of the functions it came through.
func sentence(err error) string {
	if coded, ok := errors.AsType[*protocol.Error](err); ok {
		return coded.Text
	}
	return err.Error()
}

// legible takes out of a text what a terminal would obey, or would turn the text around by. Servers and peers have a say in many errors: why
// they refuse, or close a channel; and names of files may have anything in them. Lines stay lines.
func legible(text string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) {
			return '_'
		}
		return c
	}, text)
}

// notARoom says what is wrong with a link that is no room's URL. What most people leave out is the scheme, and only they know
// which one it is: the guess is that TLS is where a proxy is, which a port or an address of one's own speaks against.
func notARoom(link string, err error, example string) string {
	link = withoutSecret(link)
	if strings.Contains(link, "://") {
		return sentence(err)
	}
	u, parseErr := url.Parse("https://" + strings.TrimLeft(link, "/"))
	if parseErr != nil || u.Hostname() == "" || !strings.Contains(u.Path, "/r/") {
		return fmt.Sprintf("%q is no room's URL: that looks like %s", link, example)
	}
	if _, notIP := netip.ParseAddr(u.Hostname()); notIP == nil || u.Port() != "" || u.Hostname() == "localhost" {
		u.Scheme = "http"
	}
	return fmt.Sprintf("%q has no scheme; did you mean %q?", link, u)
}

// withoutSecret is a room's link without what opens it, for sentences that end up in logs.
func withoutSecret(link string) string {
	plain, _, _ := strings.Cut(link, "#")
	return plain
}

// whyNot says why a room could not be joined. For the server's refusals that is its own sentence; for what kept the connection
// from being made, package peer has one sentence for all causes, and the cause behind it tells more of those that are mistakes.
func whyNot(link string, err error) string {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server speaks no TLS: try " + strings.Replace(link, "s://", "://", 1)
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("the server's certificate is not good: %v", cert.Err)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("the name %s could not be looked up (%s): is it spelled right, and are you online?", dns.Name, dns.Err)
	}
	return sentence(err)
}
