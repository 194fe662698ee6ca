package mux

import "time"

// ChannelStats is what a channel has done.
type ChannelStats struct {
	MessagesSent, BytesSent         uint64
	MessagesReceived, BytesReceived uint64
	// Buffered is how many bytes were given to Send and have not left; of a durable channel, which the other side has not acknowledged.
	Buffered int
	// QueueAge is how long the oldest message that waits to be sent has waited; of a durable channel, to be acknowledged.
	QueueAge time.Duration
	// Dropped is how many messages were given up before they left, by MaxQueueAge. Missed is how many of an unreliable channel were dropped at the
	// receiver, because nobody took them.
	Dropped, Missed uint64
}

// Stats returns what the channel has done up to now.
func (ch *Channel) Stats() ChannelStats {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	o, in := &ch.out, &ch.in
	s := ChannelStats{
		MessagesSent: o.messages, BytesSent: o.bytes, MessagesReceived: in.messages, BytesReceived: in.bytes, Dropped: o.dropped, Missed: in.missed,
		Buffered: int(ch.buffered.Load()),
	}
	since := o.waitSince
	if o.aged.waits() {
		since = o.aged.items[0].since
	}
	if kept := o.durable.kept; ch.options.Durable {
		s.Buffered = o.durable.size - messageCost*len(kept)
		if len(kept) > 0 {
			since = kept[0].since
		}
	}
	if !since.IsZero() {
		s.QueueAge = time.Since(since)
	}
	return s
}
