package mux

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Class is how a trunk delivers, and all channels on it. The zero value is ordered and reliable.
type Class struct {
	// Unordered lets a message overtake an earlier one that is lost or late.
	Unordered bool
	// MaxRetransmits is how often a lost packet is sent again before it is given up. nil is for ever.
	MaxRetransmits *uint16
	// MaxPacketLifeTime is for how long a packet is sent and sent again before it is given up; at most 65.535 s, in whole
	// milliseconds. nil is for ever. It excludes MaxRetransmits.
	MaxPacketLifeTime *time.Duration
}

// Reliable tells whether everything arrives: then there is flow control.
func (c Class) Reliable() bool { return c.MaxRetransmits == nil && c.MaxPacketLifeTime == nil }

// Lane tells whether the class is ordered and reliable, that of the trunks that everything but other classes' DATA goes on.
func (c Class) Lane() bool { return !c.Unordered && c.Reliable() }

// key is the same for classes that are the same.
func (c Class) key() string {
	k := strconv.FormatBool(c.Unordered)
	if c.MaxRetransmits != nil {
		k += " r" + strconv.Itoa(int(*c.MaxRetransmits))
	}
	if c.MaxPacketLifeTime != nil {
		k += " t" + strconv.FormatInt(c.MaxPacketLifeTime.Milliseconds(), 10)
	}
	return k
}

// lifeTime is MaxPacketLifeTime as it goes over the wire.
func (c Class) lifeTime() *uint16 {
	if c.MaxPacketLifeTime == nil {
		return nil
	}
	ms := uint16(c.MaxPacketLifeTime.Milliseconds())
	return &ms
}

// Options is how a channel is opened. The zero value is ordered and reliable, as TCP is.
type Options struct {
	Class
	// MaxQueueAge, of unreliable channels alone: what has waited for longer is dropped by its sender, and counted; then Send never
	// waits. 0 is no bound.
	MaxQueueAge time.Duration
	// Durable is ordered, reliable, and goes on when the connection is replaced.
	Durable bool
	// Protocol is for the application; the other side can read it. At most 1,024 bytes.
	Protocol string
	// Request marks the channel as a request; Deadline is how long its sender will wait, in whole milliseconds, 0: not said.
	Request  bool
	Deadline time.Duration
}

// Check refuses parameters that no data channel has, with CodeUnsupported.
func (c Class) Check() error {
	switch life := c.MaxPacketLifeTime; {
	case life != nil && c.MaxRetransmits != nil:
		return unsupported("MaxRetransmits and MaxPacketLifeTime cannot both be set: a message is given up after a number of tries or after a time")
	case life != nil && (*life < 0 || life.Milliseconds() > math.MaxUint16):
		return unsupported("a MaxPacketLifeTime of %v is not between 0 and 65.535s", *life)
	}
	return nil
}

// Check refuses what no channel can be, with CodeUnsupported.
func (o *Options) Check(label string) error {
	if err := o.Class.Check(); err != nil {
		return err
	}
	switch {
	case o.MaxQueueAge < 0:
		return unsupported("a MaxQueueAge of %v is negative", o.MaxQueueAge)
	case o.Durable && (!o.Lane() || o.MaxQueueAge > 0):
		return unsupported("Durable excludes Unordered, MaxRetransmits, MaxPacketLifeTime and MaxQueueAge: it delivers all, in order")
	case o.MaxQueueAge > 0 && o.Reliable():
		return unsupported("MaxQueueAge needs MaxRetransmits or MaxPacketLifeTime: a reliable channel drops nothing")
	case o.Request && (o.Durable || !o.Lane()):
		return unsupported("a request is ordered, reliable and not durable")
	}
	return CheckNames(label, o.Protocol, maxText)
}

// CheckNames refuses a label and a protocol of more than most bytes, or that are not UTF-8 (RFC 8832, section 5.1), with CodeUnsupported.
func CheckNames(label, sub string, most int) error {
	switch {
	case len(label) > most:
		return unsupported("a label of %d bytes is longer than %d", len(label), most)
	case len(sub) > most:
		return unsupported("a Protocol of %d bytes is longer than %d", len(sub), most)
	case !utf8.ValidString(label) || !utf8.ValidString(sub):
		return unsupported("a label or Protocol that is not UTF-8")
	}
	return nil
}

func unsupported(format string, args ...any) error {
	return protocol.Errorf(protocol.CodeUnsupported, format, args...)
}
