package peer

import (
	"math"
	"time"
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/peer/mux"
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
	// MaxQueueAge is for how long a message may wait on this side before it is sent at all. What is older is dropped, and counted in
	// ChannelStats.Dropped: of a position that is said thirty times a second, the one of a second ago is of no use. It is for channels with
	// MaxRetransmits or MaxPacketLifeTime alone. 0 is for ever. It bounds what this side sends, and the other is not told of it.
	MaxQueueAge time.Duration
	// Durable makes the channel outlive its connection: each message arrives once and in order although the way, or the whole connection,
	// is lost and replaced. It ends when the peer leaves. It cannot be given together with any of the above, nor with Raw.
	Durable bool
	// Raw makes the channel a data channel of its own, without anything of this package's on it, for peers whose other side is not a
	// Beckon SDK. Opening it takes a round trip, a message is at most as large as the other side's max-message-size, and all raw channels
	// share one window. It cannot be given together with MaxQueueAge.
	Raw bool
	// Protocol is for the application; the other side can read it.
	Protocol string
}

// maxName are the bytes of a channel's label, of its protocol, and of a request's name.
const maxName = 1024

// check says what is wrong with the options, before anything is waited for.
func (o *ChannelOptions) check(label string) error {
	longest := maxName
	if o.Raw {
		longest = math.MaxUint16
	}
	unreliable := o.MaxRetransmits != nil || o.MaxPacketLifeTime != nil
	unsupported := func(format string, args ...any) error {
		return protocol.Errorf(protocol.CodeUnsupported, format, args...)
	}
	switch {
	case o.MaxRetransmits != nil && o.MaxPacketLifeTime != nil:
		return unsupported("MaxRetransmits and MaxPacketLifeTime cannot both be set: a message is given up after a number of tries or after a time")
	case o.MaxPacketLifeTime != nil && (*o.MaxPacketLifeTime < 0 || o.MaxPacketLifeTime.Milliseconds() > math.MaxUint16):
		return unsupported("a MaxPacketLifeTime of %v is not between 0 and 65.535s", *o.MaxPacketLifeTime)
	case o.MaxQueueAge < 0:
		return unsupported("a MaxQueueAge of %v is negative", o.MaxQueueAge)
	case o.Durable && o.Raw:
		return unsupported("Durable and Raw cannot both be set: what is durable has to be numbered and acknowledged")
	case o.Durable && (o.Unordered || unreliable || o.MaxQueueAge > 0):
		return unsupported("Durable excludes Unordered, MaxRetransmits, MaxPacketLifeTime and MaxQueueAge: it delivers all, in order")
	case o.Raw && o.MaxQueueAge > 0:
		return unsupported("MaxQueueAge and Raw cannot both be set: what a raw channel was given waits where this package cannot reach it")
	case o.MaxQueueAge > 0 && !unreliable:
		return unsupported("MaxQueueAge needs MaxRetransmits or MaxPacketLifeTime: a reliable channel drops nothing")
	case len(label) > longest:
		return unsupported("a label of %d bytes is longer than %d", len(label), longest)
	case len(o.Protocol) > longest:
		return unsupported("a Protocol of %d bytes is longer than %d", len(o.Protocol), longest)
	case !utf8.ValidString(label) || !utf8.ValidString(o.Protocol): // of a raw channel, too: RFC 8832, section 5.1
		return unsupported("a label or Protocol that is not UTF-8")
	case o.Raw && o.Protocol == trunkProtocol:
		return unsupported("the Protocol %q is what the SDKs speak with each other", trunkProtocol)
	}
	return nil
}

// stream tells whether what is sent arrives whole and in order.
func (o *ChannelOptions) stream() bool {
	return !o.Unordered && o.MaxRetransmits == nil && o.MaxPacketLifeTime == nil
}

// class is what decides on which trunk a channel goes.
func (o *ChannelOptions) class() mux.Class {
	return mux.Class{Unordered: o.Unordered, MaxRetransmits: o.MaxRetransmits, MaxPacketLifeTime: o.MaxPacketLifeTime}
}

// init makes Pion's options of those that have been checked.
func (o *ChannelOptions) init() *webrtc.DataChannelInit {
	ordered, protocol := !o.Unordered, o.Protocol
	init := &webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: o.MaxRetransmits, Protocol: &protocol}
	if o.MaxPacketLifeTime != nil {
		init.MaxPacketLifeTime = new(uint16(o.MaxPacketLifeTime.Milliseconds()))
	}
	return init
}

// optionsOf are the options of a data channel that the other side has opened.
func optionsOf(dc *webrtc.DataChannel) ChannelOptions {
	o := ChannelOptions{Unordered: !dc.Ordered(), MaxRetransmits: dc.MaxRetransmits(), Protocol: dc.Protocol(), Raw: true}
	if ms := dc.MaxPacketLifeTime(); ms != nil {
		life := time.Duration(*ms) * time.Millisecond
		o.MaxPacketLifeTime = &life
	}
	return o
}
