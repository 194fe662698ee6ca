package e2e

import (
	"fmt"
	"hash/fnv"
	"testing"
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/e2e/conformance"
)

// What is sent in a test is made from a name and a length, so that the test can tell what should have come without having
// it handed over. The same as testdata/pattern.js.

// sizes are those of the messages, in bytes: the smallest, a packet, the largest that older stacks send whole and what is
// around it, and the largest that all of ours take.
var sizes = []int{1, 1000, 16 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 256<<10 - 1, 256 << 10}

// summary is what is told about a message.
type summary struct {
	Text   bool   `json:"text"`
	Length int    `json:"length"`
	Sum    uint32 `json:"sum"` // FNV-1a
}

func summarize(message []byte, text bool) summary {
	return summary{text, len(message), sum(message)}
}

func sum(b []byte) uint32 {
	h := fnv.New32a()
	h.Write(b)
	return h.Sum32()
}

// binaryOf makes n bytes: the highest of each word.
func binaryOf(name string, n int) []byte {
	next := conformance.Words(name)
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(next() >> 24)
	}
	return b
}

// message is one of those that a side sends on a channel: of each size a binary one and a text.
type message struct {
	data []byte
	text bool
}

// messages are what the side of that name sends on a channel, in this order.
func messages(side, channel string) []message {
	var all []message
	for _, n := range sizes {
		all = append(all,
			message{binaryOf(fmt.Sprintf("%s/%s/binary/%d", side, channel, n), n), false},
			message{conformance.TextOf(fmt.Sprintf("%s/%s/text/%d", side, channel, n), n), true})
	}
	return all
}

func TestPattern(t *testing.T) {
	t.Parallel()
	seen := make(map[summary]bool)
	for _, side := range []string{"left", "right"} {
		for _, m := range messages(side, "reliable") {
			if m.text && !utf8.Valid(m.data) {
				t.Errorf("a text of %d bytes is not UTF-8", len(m.data))
			}
			seen[summarize(m.data, m.text)] = true
		}
	}
	if want := 4 * len(sizes); len(seen) < want-4 { // of one byte, some may be alike
		t.Errorf("%d different messages, want %d", len(seen), want)
	}
	if n := len(conformance.TextOf("a", sizes[len(sizes)-1])); n != 256<<10 {
		t.Errorf("the largest text has %d bytes", n)
	}
}
