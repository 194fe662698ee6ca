package edge

import (
	"bytes"
	"io"

	"github.com/pires/go-proxyproto"
)

// seen is what the first bytes say.
type seen uint8

const (
	tooFew seen = iota
	sawHTTP
	sawSTUN
	sawTLS   // a handshake record (RFC 8446 section 5.1), where nothing is TLS or all of it already was
	sawProxy // a PROXY header of version 2 from somebody who may not send one
	sawOther
)

// headSize is how many bytes decide at the latest: those of a STUN header up to the end of the cookie (RFC 8489 section 5).
const headSize = 8

const magicCookie = "\x21\x12\xA4\x42"

// classify decides by what has come so far. Once it has decided, more bytes do not change that, so it does not matter in which
// pieces they come.
//
// Every HTTP method that is registered begins with a letter, and so does the preface of HTTP/2.
func classify(head []byte) seen {
	if len(head) == 0 {
		return tooFew
	}
	switch first := head[0]; {
	case isLetter(first):
		return sawHTTP
	case first <= 3:
		// The cookie begins at byte 4; what is before it, a type and a length, may be anything.
		return matches(head[min(4, len(head)):], []byte(magicCookie), sawSTUN)
	case first == proxyproto.SIGV2[0]:
		return matches(head, proxyproto.SIGV2[:headSize], sawProxy)
	case first == 0x16:
		return sawTLS
	}
	return sawOther
}

// matches compares what has come with what it should be.
func matches(got, want []byte, all seen) seen {
	switch n := min(len(got), len(want)); {
	case !bytes.Equal(got[:n], want[:n]):
		return sawOther
	case n < len(want):
		return tooFew
	}
	return all
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// peek reads until the bytes decide, and puts them back.
func peek(s stream) (seen, error) {
	head := make([]byte, 0, headSize)
	for {
		n, err := s.Read(head[len(head):headSize])
		head = head[:len(head)+n]
		if kind := classify(head); kind != tooFew {
			s.unread(head)
			return kind, nil
		}
		if err == nil && n == 0 {
			err = io.ErrNoProgress
		}
		if err != nil {
			return tooFew, err
		}
	}
}
