package burst

import (
	"bytes"
	"testing"
)

// record is one of application data with so many bytes, numbered.
func record(number, size int) []byte {
	p := append([]byte{applicationData, major, dtls12, 0, 1, 0, 0, 0, 0, byte(number >> 8), byte(number), byte(size >> 8), byte(size)},
		bytes.Repeat([]byte{byte(number)}, size)...)
	return p
}

func with(p []byte, at int, b byte) []byte {
	p[at] = b
	return p
}

func TestIsRecords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		p    []byte
		want bool
	}{
		{"one", record(1, 100), true},
		{"two", append(record(1, 100), record(2, 5)...), true},
		{"nothing", nil, false},
		{"a record of no bytes", record(1, 0), false},
		{"a cut one", record(1, 100)[:112], false},
		{"one byte more", append(record(1, 100), applicationData), false},
		{"half a header more", append(record(1, 100), record(2, 100)[:7]...), false},
		{"a length beyond the end", with(record(1, 100), 12, 101), false},
		{"a handshake", with(record(1, 100), 0, 22), false},
		{"an alert", with(record(1, 100), 0, 21), false},
		{"a handshake behind", append(record(1, 100), with(record(2, 100), 0, 22)...), false},
		{"a record in the clear", with(record(1, 100), 4, 0), false},
		{"another version", with(record(1, 100), 2, 0xff), false},
		{"a connectivity check", []byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, false},
	} {
		if got := isRecords(c.p); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// FuzzIsRecords: what passes is cut by its lengths into exactly itself, as Pion does it.
func FuzzIsRecords(f *testing.F) {
	f.Add(append(record(1, 100), record(2, 5)...))
	f.Add(record(1, 100)[:112])
	f.Fuzz(func(t *testing.T, p []byte) {
		if !isRecords(p) {
			return
		}
		for len(p) > 0 {
			if len(p) <= recordHeader || p[0] != applicationData {
				t.Fatalf("%d bytes are left that are no record", len(p))
			}
			p = p[recordHeader+int(p[11])<<8+int(p[12]):]
		}
	})
}
