package protocol

import "bytes"

// field is the index of a known top-level field in fieldNames.
type field uint8

// The fields that the envelope holds, and behind them the number that stands for all others. Fields of the client's frames
// which the envelope does not hold are in fieldNames too: saying one twice is refused, because two parsers could each take a
// different one.
const (
	fieldType field = iota
	fieldID
	fieldRoom
	fieldFrom
	fieldFromInstance
	fieldTo
	fieldToInstance
	fieldN
	fieldAfter
	fieldData

	fieldOther = field(len(fieldNames))
)

var fieldNames = [...]string{
	fieldType: "type", fieldID: "id", fieldRoom: "room", fieldFrom: "from", fieldFromInstance: "fromInstance",
	fieldTo: "to", fieldToInstance: "toInstance", fieldN: "n", fieldAfter: "after",
	fieldData: "data", 10: "token", 11: "instance", 12: "versions", 13: "capabilities", 14: "resume", 15: "attributes",
	16: "topology", 17: "epoch", 18: "position", 19: "t", 20: "acks", 21: "carrier", 22: "cursor", 23: "outcome", 24: "protocol", 25: "opening", 26: "again",
	27: "key", 28: "nonce", 29: "attestation",
}

// fieldOf finds a key's field. A key that is a known name in other case or in escapes is refused rather than ignored.
func fieldOf(key []byte) (field, error) {
	for f, name := range fieldNames {
		if string(key) == name {
			return field(f), nil
		}
	}
	if bytes.IndexByte(key, '\\') >= 0 {
		return fieldOther, Errorf(CodeBadFrame, "the field %.32q is written with escapes", key)
	}
	if name, ok := hint(key); ok {
		return fieldOther, Errorf(CodeBadFrame, "there is no field %.32q; did you mean %q?", key, name)
	}
	return fieldOther, nil
}

// typeOf returns the type of that name without allocating for those that are known.
func typeOf(name []byte) Type {
	for _, t := range types {
		if string(name) == string(t) {
			return t
		}
	}
	return Type(name)
}

func (t Type) known() bool {
	for _, k := range types {
		if t == k {
			return true
		}
	}
	return false
}

// types are all types, the most frequent first.
var types = [...]Type{
	TypeSignal, TypeReceipt, TypeEvent, TypeMessage, TypePing, TypePong, TypeAck, TypeHello, TypeWelcome, TypeJoin, TypeJoined,
	TypeLeave, TypeUpdate, TypeToken, TypeBye, TypeICE, TypeReport, TypeExpiring, TypeGoAway, TypeError,
}
