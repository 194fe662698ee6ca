package mux

const (
	maxID     = 1<<31 - 1
	maxNumber = 1<<53 - 1 // the largest integer that JavaScript counts exactly
)

// appendNumber appends v as unsigned LEB128, in the shortest form.
func appendNumber(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// takeNumber reads a number of at most most from the front of b. A form that is not the shortest is refused, so that a frame has
// one encoding.
func takeNumber(b []byte, most uint64) (v uint64, rest []byte, ok bool) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), b[1:], true
	}
	for i := 0; i < len(b) && i < 8; i++ {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] >= 0x80 {
			continue
		}
		return v, b[i+1:], v <= most && (b[i] != 0 || i == 0)
	}
	return 0, nil, false
}
