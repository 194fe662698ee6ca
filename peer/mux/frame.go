package mux

import (
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// kind is a frame's first byte; see the table of the README.
type kind byte

const (
	kindOpen   kind = 0x01
	kindOpened kind = 0x02
	kindWindow kind = 0x03
	kindAck    kind = 0x04
	kindFin    kind = 0x05
	kindClose  kind = 0x06
	kindClosed kind = 0x07
	kindReset  kind = 0x08
	kindCut    kind = 0x09
	kindBatch  kind = 0x0a // of other frames; see batch.go

	// DATA. The lowest bit says text, but for kindNext.
	kindWhole    kind = 0x10
	kindFirst    kind = 0x12
	kindNext     kind = 0x14
	kindNumbered kind = 0x18
	kindPart     kind = 0x1a
)

const (
	// maxHeader is more than what any DATA frame has beside its payload: type, id, number, total, offset.
	maxHeader = 1 + 5 + 3*8
	maxText   = 1024 // bytes of a label, a protocol, a reason, the message of a RESET
	maxCode   = 64   // bytes of the code of a RESET
)

// frame is what a frame says. Which fields mean something depends on kind.
type frame struct {
	kind    kind
	text    bool   // DATA: the message is text
	id      uint32 // of the channel
	n       uint64 // a count of messages, or the number of one; WINDOW: the offset
	total   uint64 // bytes of the whole message
	offset  uint64 // where the part begins in it
	payload []byte // DATA: aliases what was decoded; CLOSE: the reason
	open    openHead
	reset   resetHead
}

// decode reads a frame. known is false for one of a type that this version does not know. The error is of CodeBadFrame.
func (f *frame) decode(raw []byte) (known bool, err error) {
	if len(raw) == 0 {
		return false, badFrame("it is empty")
	}
	f.kind, f.text = kind(raw[0]), false
	switch f.kind {
	case kindOpen, kindOpened, kindWindow, kindAck, kindFin, kindClose, kindClosed, kindReset, kindCut, kindWhole, kindFirst, kindNext,
		kindNumbered, kindPart:
	case kindWhole | 1, kindFirst | 1, kindNumbered | 1, kindPart | 1:
		f.kind, f.text = f.kind&^1, true
	default:
		return false, nil
	}
	id, rest, ok := takeNumber(raw[1:], maxID)
	if !ok {
		return true, badFrame("its id cannot be read")
	}
	f.id = uint32(id)
	switch f.kind {
	case kindOpen, kindOpened:
		f.open, err = parseOpen(rest, f.kind == kindOpen)
		return true, err
	case kindReset:
		f.reset, err = parseReset(rest)
		return true, err
	case kindClosed:
		return true, f.end(rest)
	case kindWhole, kindNext:
		f.payload = rest
	default:
		return true, f.numbers(rest)
	}
	if f.kind == kindNext && len(f.payload) == 0 {
		return true, badFrame("a part is empty")
	}
	return true, nil
}

// numbers reads what follows the id in the frames that have numbers.
func (f *frame) numbers(rest []byte) error {
	if f.kind == kindCut && len(rest) == 0 {
		f.n = 0 // ordered delivery: there is only one that it can mean
		return nil
	}
	ok := true
	if f.kind != kindFirst {
		f.n, rest, ok = takeNumber(rest, maxNumber)
	}
	if ok && (f.kind == kindFirst || f.kind == kindPart) {
		f.total, rest, ok = takeNumber(rest, maxNumber)
	}
	f.offset = 0
	if ok && f.kind == kindPart {
		f.offset, rest, ok = takeNumber(rest, maxNumber)
	}
	if !ok {
		return badFrame("one of its numbers cannot be read")
	}
	switch f.kind {
	case kindWindow, kindAck, kindFin:
		return f.end(rest)
	case kindClose:
		if len(rest) > maxText || !utf8.Valid(rest) {
			return badFrame("its text is longer than %d bytes or not UTF-8", maxText)
		}
	case kindCut:
		if f.n == 0 {
			return badFrame("messages are numbered from 1")
		}
		return f.end(rest)
	case kindNumbered:
		if f.n == 0 {
			return badFrame("messages are numbered from 1")
		}
	case kindPart, kindFirst:
		size := uint64(len(rest))
		if size == 0 || size >= f.total || f.offset > f.total-size || f.kind == kindPart && f.n == 0 {
			return badFrame("a part of %d bytes at %d is none of %d bytes", size, f.offset, f.total)
		}
	}
	f.payload = rest
	return nil
}

func (f *frame) end(rest []byte) error {
	if len(rest) != 0 {
		return badFrame("%d bytes follow its end", len(rest))
	}
	return nil
}

// append encodes the frame, without its head, which OPEN, OPENED and RESET append themselves.
func (f *frame) append(b []byte) []byte {
	first := f.kind
	if f.text {
		first |= 1
	}
	b = appendNumber(append(b, byte(first)), uint64(f.id))
	switch f.kind {
	case kindWindow, kindAck, kindFin, kindClose, kindNumbered, kindPart:
		b = appendNumber(b, f.n)
	case kindCut:
		if f.n > 0 {
			b = appendNumber(b, f.n)
		}
	}
	switch f.kind {
	case kindFirst:
		b = appendNumber(b, f.total)
	case kindPart:
		b = appendNumber(appendNumber(b, f.total), f.offset)
	}
	return append(b, f.payload...)
}

func badFrame(format string, args ...any) error {
	return protocol.Errorf(protocol.CodeBadFrame, "a frame of the other side: "+format, args...)
}
