package peer

import (
	"context"

	"github.com/beckon-rtc/beckon/peer/mux"
)

// muxed is a channel that goes among others on trunks.
type muxed struct{ *mux.Channel }

var _ way = muxed{}

func wrapMux(ch *mux.Channel, c *connection) *Channel {
	o := ch.Options()
	return &Channel{way: muxed{ch}, conn: c, label: ch.Label(), options: ChannelOptions{
		Unordered: o.Unordered, MaxRetransmits: o.MaxRetransmits, MaxPacketLifeTime: o.MaxPacketLifeTime,
		MaxQueueAge: o.MaxQueueAge, Durable: o.Durable, Protocol: o.Protocol,
	}}
}

func (m muxed) context() context.Context { return m.Context() }

func (m muxed) send(ctx context.Context, data []byte, text bool) error {
	return m.Send(ctx, data, text)
}

func (m muxed) receive(ctx context.Context) (message, error) {
	data, text, err := m.Recv(ctx)
	return message{data, text}, err
}

func (m muxed) close(reason string)                  { m.Close(reason) }
func (m muxed) closeWrite(ctx context.Context) error { return m.CloseWrite(ctx) }
func (m muxed) flush(ctx context.Context) error      { return m.Flush(ctx) }
func (m muxed) maxMessageSize() int                  { return m.MaxMessageSize() }

func (m muxed) stats() ChannelStats {
	s := m.Stats()
	return ChannelStats{
		MessagesSent: s.MessagesSent, BytesSent: s.BytesSent,
		MessagesReceived: s.MessagesReceived, BytesReceived: s.BytesReceived,
		Buffered: s.Buffered, QueueAge: s.QueueAge, Dropped: s.Dropped, Missed: s.Missed,
	}
}
