package turnserver

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pion/stun/v4"
)

const frameMax = 1600

// frames reads all messages of a stream.
func frames(r io.Reader) (list [][]byte, err error) {
	f := framer{r: bufio.NewReaderSize(r, 2048), max: frameMax, begun: func() {}}
	for {
		p := make([]byte, frameMax+1)
		n, err := f.next(p)
		if err != nil {
			return list, err
		}
		list = append(list, p[:n])
	}
}

func binding() []byte { return stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw }

func channelData(channel uint16, payload string) []byte {
	b := binary.BigEndian.AppendUint16(nil, channel)
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	b = append(b, payload...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func TestFrames(t *testing.T) {
	t.Parallel()
	stunMsg := string(binding())
	ch := func(n int) string { return string(channelData(0x4001, strings.Repeat("x", n))) }
	bare := func(n int) string { return ch(n)[:4+n] }
	for _, c := range []struct {
		name, in string
		want     []string
		err      error
	}{
		{"nothing", "", nil, io.EOF},
		{"STUN", stunMsg, []string{stunMsg}, io.EOF},
		{"two and a half", stunMsg + ch(1) + stunMsg[:10], []string{stunMsg, bare(1)}, errCut},
		{"padding 0 to 3", ch(4) + ch(3) + ch(2) + ch(5), []string{bare(4), bare(3), bare(2), bare(5)}, io.EOF},
		{"empty ChannelData", ch(0) + stunMsg, []string{bare(0), stunMsg}, io.EOF},
		{"highest channel", "\x7f\xff\x00\x01x\x00\x00\x00", []string{"\x7f\xff\x00\x01x"}, io.EOF},
		{"largest", ch(1596), []string{bare(1596)}, io.EOF},
		{"too large", ch(1597), nil, ErrFrameTooBig},
		{"too large STUN", "\x00\x01\x06\x40\x21\x12\xa4\x42", nil, ErrFrameTooBig},
		{"padding missing at the end", bare(5), nil, errCut},
		{"length that overflows", "\x40\x00\xff\xfc", nil, ErrFrameTooBig},
		{"and with padding", "\x40\x00\xff\xff", nil, ErrFrameTooBig},
		{"STUN length that overflows", "\x00\x01\xff\xec\x21\x12\xa4\x42", nil, ErrFrameTooBig},
		{"STUN length not of four", "\x00\x01\x00\x02\x21\x12\xa4\x42", nil, ErrNotTURN},
		{"no magic cookie", "\x00\x01\x00\x00\x21\x12\xa4\x43" + strings.Repeat("x", 12), nil, ErrNotTURN},
		{"TLS", "\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", nil, ErrNotTURN},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", nil, ErrFrameTooBig},
		{"RTP", "\x80\x60\x00\x00", nil, ErrNotTURN},
		{"unpadded ChannelData", bare(1) + stunMsg, []string{bare(1)}, ErrFrameTooBig},
		// Pion's parser looks for the cookie first and takes this for STUN of 28 bytes.
		{"ChannelData with the cookie", "\x40\x00\x00\x08\x21\x12\xa4\x42abcd" + stunMsg,
			[]string{"\x40\x00\x00\x08\x21\x12\xa4\x42abcd", stunMsg}, io.EOF},
	} {
		for how, r := range map[string]io.Reader{"whole": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := frames(r)
			if !errors.Is(err, c.err) || len(got) != len(c.want) {
				t.Errorf("%s, %s: %d frames, %v; want %d, %v", c.name, how, len(got), err, len(c.want), c.err)
				continue
			}
			for i := range got {
				if string(got[i]) != c.want[i] {
					t.Errorf("%s, %s: frame %d is %x, want %x", c.name, how, i, got[i], c.want[i])
				}
			}
		}
	}
}

// Whatever comes, in whatever pieces: frames are whole, within the limit, in order and made of the stream's own bytes.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("\x40\x00\xff\xfc"))
	f.Add(append(binding(), channelData(0x4000, "hello")...))
	f.Add([]byte("\x40\x00\x00\x08\x21\x12\xa4\x42\x40\x00\xff\xfc\x00\x01\x00\x00\x21\x12\xa4\x42aaaabbbbcccc"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := frames(bytes.NewReader(in))
		if err == nil {
			t.Fatal("a finite stream never ended")
		}
		rest := in
		for _, frame := range got {
			n := len(frame)
			if n < channelHeader || n > frameMax || !bytes.HasPrefix(rest, frame) {
				t.Fatalf("frame %x of %x", frame, rest)
			}
			length := int(binary.BigEndian.Uint16(frame[2:]))
			switch frame[0] >> 6 {
			case 0:
				if n != 20+length || !stun.IsMessage(frame) {
					t.Fatalf("not STUN: %x", frame)
				}
			case 1:
				if n != 4+length {
					t.Fatalf("not ChannelData: %x", frame)
				}
			default:
				t.Fatalf("neither: %x", frame)
			}
			rest = rest[(n+3)&^3:]
		}
		again, err2 := frames(iotest.HalfReader(bytes.NewReader(in)))
		if len(again) != len(got) || err.Error() != err2.Error() {
			t.Fatalf("in pieces: %d frames, %v; whole: %d, %v", len(again), err2, len(got), err)
		}
	})
}
