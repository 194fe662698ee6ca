package mux

// maxUnasked is how many bytes the channels without flow control hold together of which the application has not asked for a message yet.
// Each of them may hold 2 MiB, and the other side opens 256 of them without anybody here having wanted one.
const maxUnasked = 16 << 20

// Unasked counts bytes that something else than this Mux's channels holds of the peer's, and that nobody has asked for, among what those hold;
// fewer when delta is negative. It returns whether all together are too many: then who has added the last must drop something.
func (m *Mux) Unasked(delta int64) (over bool) { return m.unasked.Add(delta) > maxUnasked }

// ask says that the application reads the channel: what it holds is bounded for itself from now on. It is called with mu held, as are the
// next two.
func (ch *Channel) ask() {
	if !ch.in.asked {
		ch.in.asked = true
		ch.weigh()
	}
}

// weigh counts what the channel holds among what nobody has asked for. Also what has come on one that is over counts, until it is taken or
// thrown away.
func (ch *Channel) weigh() {
	in := &ch.in
	if ch.windowed {
		return
	}
	now := int64(in.queue.size) + int64(in.size)
	if in.asked || in.discard {
		now = 0
	}
	ch.mux.unasked.Add(now - in.counted)
	in.counted = now
}

// fit drops the oldest of what has come on a channel that nobody has asked for, while all of those hold too much. Trunks are read at once, so
// what they hold can be more for a moment, by a frame of each.
func (ch *Channel) fit() {
	in := &ch.in
	for ch.weigh(); in.counted > 0 && ch.mux.unasked.Load() > maxUnasked; ch.weigh() {
		if in.queue.len() > 0 {
			in.queue.pop()
			in.missed++
			continue
		}
		in.remove(in.order[0])
	}
}
