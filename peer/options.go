package peer

import (
	"math"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// ChannelOptions is how a channel delivers. nil and the zero value are ordered and reliable, as TCP is.
type ChannelOptions struct {
	// Unordered lets a message overtake an earlier one that is lost or late.
	Unordered bool
	// MaxRetransmits is how often a lost message is sent again before it is given up. nil is for ever.
	MaxRetransmits *uint16
	// MaxPacketLifeTime is for how long a message is sent and sent again before it is given up; at most 65.535 s, in whole
	// milliseconds. nil is for ever. It cannot be given together with MaxRetransmits.
	MaxPacketLifeTime *time.Duration
	// Protocol is for the application; the other side can read it.
	Protocol string
}

// init checks the options and makes Pion's of them.
func (o ChannelOptions) init() (*webrtc.DataChannelInit, error) {
	ordered := !o.Unordered
	init := &webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: o.MaxRetransmits, Protocol: &o.Protocol}
	if o.MaxPacketLifeTime != nil {
		if o.MaxRetransmits != nil {
			return nil, protocol.Errorf(protocol.CodeUnsupported,
				"MaxRetransmits and MaxPacketLifeTime cannot both be set: a message is given up after a number of tries or after a time")
		}
		ms := o.MaxPacketLifeTime.Milliseconds()
		if ms < 0 || ms > math.MaxUint16 {
			return nil, protocol.Errorf(protocol.CodeUnsupported, "a MaxPacketLifeTime of %v is not between 0 and 65.535s", *o.MaxPacketLifeTime)
		}
		life := uint16(ms)
		init.MaxPacketLifeTime = &life
	}
	if len(o.Protocol) > math.MaxUint16 {
		return nil, protocol.Errorf(protocol.CodeUnsupported, "a Protocol of %d bytes is longer than 65535", len(o.Protocol))
	}
	return init, nil
}

// optionsOf are the options of a channel that the other side has opened.
func optionsOf(dc *webrtc.DataChannel) ChannelOptions {
	o := ChannelOptions{Unordered: !dc.Ordered(), MaxRetransmits: dc.MaxRetransmits(), Protocol: dc.Protocol()}
	if ms := dc.MaxPacketLifeTime(); ms != nil {
		life := time.Duration(*ms) * time.Millisecond
		o.MaxPacketLifeTime = &life
	}
	return o
}
