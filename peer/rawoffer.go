package peer

import (
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// offeredRaw takes a data channel of the other side's that is no trunk: the application of either side wants it as it is.
func (c *connection) offeredRaw(dc *webrtc.DataChannel) {
	ch := newRaw(c, dc.Label(), optionsOf(dc))
	dc.OnOpen(func() {
		raw, err := detach(dc)
		if err != nil {
			ch.fail(err)
			return
		}
		ch.start(raw)
	})
	close(ch.opened)
	if c.junction.accepted.offerBelow(maxRaw, &Channel{way: ch, conn: c, label: ch.label, options: ch.options}) {
		return
	}
	c.overflowed.Add(1)
	ch.refused = true
	if c.refused.Add(1) > maxRefused {
		c.end(protocol.Errorf(protocol.CodeOverflow, "the peer keeps %d channels that were refused", maxRefused))
	}
	c.log.Debug().Str("label", ch.label).Msg("channel refused: too many are not accepted")
	ch.shutdown(protocol.Errorf(protocol.CodeOverflow, "%d channels of the peer, or more, are not accepted", maxRaw))
}
