package peer

import (
	"math"
	"time"

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

// maxName are the bytes of a request's name, which is a label.
const maxName = 1024

// check says what is wrong with the options, before anything is waited for. What no channel can be, package mux knows; here is what a raw one
// cannot.
func (o *ChannelOptions) check(label string) error {
	unsupported := func(format string, args ...any) error {
		return protocol.Errorf(protocol.CodeUnsupported, format, args...)
	}
	switch {
	case !o.Raw:
		muxed := o.muxed()
		return muxed.Check(label)
	case o.Durable:
		return unsupported("Durable and Raw cannot both be set: what is durable has to be numbered and acknowledged")
	case o.MaxQueueAge < 0:
		return unsupported("a MaxQueueAge of %v is negative", o.MaxQueueAge)
	case o.MaxQueueAge > 0:
		return unsupported("MaxQueueAge and Raw cannot both be set: what a raw channel was given waits where this package cannot reach it")
	case o.Protocol == trunkProtocol:
		return unsupported("the Protocol %q is what the SDKs speak with each other", trunkProtocol)
	}
	if err := o.class().Check(); err != nil {
		return err
	}
	return mux.CheckNames(label, o.Protocol, math.MaxUint16)
}

// muxed are the options of a channel that is not raw.
func (o *ChannelOptions) muxed() mux.Options {
	return mux.Options{Class: o.class(), MaxQueueAge: o.MaxQueueAge, Durable: o.Durable, Protocol: o.Protocol}
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
