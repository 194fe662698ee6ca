package process

import "sync"

// tailBytes is how much of the end of a program's stderr is kept. A browser
// without a desktop complains about a missing bus dozens of times; what matters
// comes last.
const tailBytes = 32 << 10

// tail is an io.Writer that keeps the last tailBytes of what is written to it.
// The zero value is ready; all methods may run at once.
type tail struct {
	mu  sync.Mutex
	buf []byte
	cut bool // something is missing before buf
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - tailBytes; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
		t.cut = true
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cut {
		return "[…]" + string(t.buf)
	}
	return string(t.buf)
}
