package mux

// arrival is a whole message that has come.
type arrival struct {
	data  []byte
	text  bool
	claim *claim // on the budget, until it is taken
}

// arrivals is a queue of messages, as a ring that grows. Flow control, or who pushes, bounds it.
type arrivals struct {
	ring  []arrival
	first int
	count int
	size  int // as flow control counts
}

func (q *arrivals) len() int { return q.count }

func (q *arrivals) push(m arrival) {
	if q.count == len(q.ring) {
		ring := make([]arrival, max(4, 2*q.count))
		n := copy(ring, q.ring[q.first:])
		copy(ring[n:], q.ring[:q.first])
		q.ring, q.first = ring, 0
	}
	q.ring[(q.first+q.count)%len(q.ring)] = m
	q.count++
	q.size += messageCost + len(m.data)
}

func (q *arrivals) pop() arrival {
	m := q.ring[q.first]
	q.ring[q.first] = arrival{}
	q.first = (q.first + 1) % len(q.ring)
	q.count--
	q.size -= messageCost + len(m.data)
	if q.count == 0 && len(q.ring) > 1024 {
		q.ring, q.first = nil, 0 // of a burst, which may not come again
	}
	return m
}
