package peer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// What is refused is refused in a sentence that says what was asked for, what is wrong with it and whose limit it is, and that once.
func TestRefusalsSayWhatIsWrong(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{MaxMessageSize: 100_000}, peer.Config{})
		open := func(label string, o peer.ChannelOptions) func() error {
			return func() error { _, err := b.Open(within(t), label, &o); return err }
		}
		ask := func(name string) func() error {
			return func() error { _, err := b.Request(within(t), name, nil); return err }
		}
		here, there := channel(t, b, a, nil)
		talk(t, here, there, "x")
		talk(t, there, here, "x") // behind what it takes
		lossy, _ := channel(t, a, b, &peer.ChannelOptions{MaxRetransmits: new(uint16(0))})
		ended, _ := channel(t, b, a, nil)
		must(t, ended.CloseWrite(within(t)))
		long, life := strings.Repeat("x", 1025), time.Second
		for name, c := range map[string]struct {
			do     func() error
			code   protocol.ErrorCode
			begins string
			says   string
		}{
			"name":            {ask(long), protocol.CodeUnsupported, "peer: request ", "a name of 1025 bytes is longer than 1024"},
			"name, no UTF-8":  {ask("\xff"), protocol.CodeUnsupported, "peer: request ", "the name is not UTF-8"},
			"label":           {open(long, peer.ChannelOptions{}), protocol.CodeUnsupported, "peer: open ", "a label of 1025 bytes"},
			"label, no UTF-8": {open("\xff", peer.ChannelOptions{Raw: true}), protocol.CodeUnsupported, "peer: open ", "not UTF-8"},
			"protocol":        {open("", peer.ChannelOptions{Protocol: long}), protocol.CodeUnsupported, "peer: open ", "a Protocol of 1025 bytes"},
			"durable and age": {open("", peer.ChannelOptions{Durable: true, MaxQueueAge: life}), protocol.CodeUnsupported, "peer: open ", "Durable excludes "},
			"two limits": {open("", peer.ChannelOptions{MaxRetransmits: new(uint16(0)), MaxPacketLifeTime: &life}), protocol.CodeUnsupported, "peer: open ",
				"MaxRetransmits and MaxPacketLifeTime cannot both be set"},
			"too large": {func() error { return here.Send(within(t), make([]byte, 100_001)) }, protocol.CodeMessageTooLarge, "peer: send on ",
				"a message of 100001 bytes is larger than the 100000 that the other side has said it takes"},
			"too large, lossy": {func() error { return lossy.Send(within(t), make([]byte, 1<<20+1)) }, protocol.CodeMessageTooLarge, "peer: send on ",
				"larger than the 1048576 that fit into a channel that may lose messages"},
			"after its end": {func() error { return ended.Send(within(t), nil) }, protocol.CodeClosed, "peer: send on ", "this side has ended its writing"},
		} {
			err := c.do()
			wantCode(t, err, c.code)
			text := err.Error()
			if !strings.HasPrefix(text, c.begins) || !strings.Contains(text, c.says) {
				t.Errorf("%s: %.300s", name, text)
			}
			if strings.Count(text, "protocol: ") != 1 || strings.Count(text, "peer: ") != 1 {
				t.Errorf("%s: a prefix is doubled: %.300s", name, text)
			}
		}
	})
}
