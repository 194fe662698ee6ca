package udpbatch

import "sync"

// spares is how many a Spare keeps.
const spares = 8

// Spare keeps a few of what is needed for a moment and is too large to be made anew each time. A sync.Pool would be emptied with each
// round of the garbage collector, of which there are hundreds a second while much is sent. The zero value is empty, and may be used by
// any goroutine.
type Spare[T any] struct {
	mu   sync.Mutex
	free []*T
}

// Take returns one, or nil if there is none.
func (s *Spare[T]) Take() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) == 0 {
		return nil
	}
	last := len(s.free) - 1
	v := s.free[last]
	s.free = s.free[:last]
	return v
}

// Put takes one back. When there are enough it is left to the garbage collector.
func (s *Spare[T]) Put(v *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < spares {
		s.free = append(s.free, v)
	}
}
