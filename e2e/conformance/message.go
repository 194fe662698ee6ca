package conformance

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"unicode/utf8"
)

// What is sent is made from a name and a size, so that both sides know it without having been told: see README.md, "Messages".

// message is one that is sent, or expected.
type message struct {
	data []byte
	text bool
}

// Words returns a function that makes the words of a name, one after the other.
func Words(name string) func() uint32 {
	h := fnv.New32a()
	h.Write([]byte(name))
	x := h.Sum32()
	return func() uint32 {
		x = x*1664525 + 1013904223
		return x
	}
}

// bytesOf makes n bytes: the words, the lowest byte first.
func bytesOf(name string, n int) []byte {
	next := Words(name)
	b := make([]byte, (n+3)/4*4)
	for i := 0; i < len(b); i += 4 {
		binary.LittleEndian.PutUint32(b[i:], next())
	}
	return b[:n]
}

// TextOf makes a text of n bytes, in which there are characters of each length in UTF-8.
func TextOf(name string, n int) []byte {
	next := Words(name)
	characters := [4]string{"a", "é", "€", "😀"}
	b := make([]byte, 0, n)
	for len(b) < n {
		c := characters[next()>>30]
		if len(b)+len(c) > n {
			c = characters[0]
		}
		b = append(b, c...)
	}
	return b
}

// nth is the n-th message, from 1, that the role sends on the channel.
func nth(channel string, r Role, n, size int, text bool) message {
	name := fmt.Sprintf("%s/%s/%d", channel, r, n)
	if text {
		return message{TextOf(name, size), true}
	}
	return message{bytesOf(name, size), false}
}

// shape is the size and the kind of a message.
type shape struct {
	size int
	text bool
}

// shapes are those of the messages that a step sends or receives.
func (s *Step) shapes() []shape {
	var once []shape
	for _, size := range s.Sizes {
		if s.Kind != "text" {
			once = append(once, shape{size, false})
		}
		if s.Kind == "text" || s.Kind == "both" {
			once = append(once, shape{size, true})
		}
	}
	var all []shape
	for range max(s.Times, 1) {
		all = append(all, once...)
	}
	return all
}

// show describes a message in a failure.
func (m message) show() string {
	kind := "bytes"
	if m.text {
		kind = "text"
		if !utf8.Valid(m.data) {
			kind = "text that is not UTF-8"
		}
	}
	return fmt.Sprintf("%d bytes of %s that begin with %.16q", len(m.data), kind, m.data)
}
