package delivery

// inbound is the receiving half of a link.
type inbound struct {
	accepted uint64 // the number of the newest message that was accepted
	owed     int    // how many messages have come since the last receipt
	due      bool   // the receipt is not to wait any longer
}

// accept tells whether a message is to be delivered: the one that follows those that were, in its sender's own words. A double
// is not, and its sender is told again at once: it waits for that. One that is early is not either, and is not kept: its sender
// must send the missing one again anyway, and a buffer here would be memory that others fill.
//
// n may be higher than accepted+1 when the sender has given up those between.
func (in *inbound) accept(n, after uint64, window int) bool {
	switch {
	case n <= in.accepted:
		in.owed++
		in.due = true
		return false
	case after > in.accepted:
		return false
	}
	in.accepted = n
	in.owed++
	// Half a window, or the sender would come to wait.
	if 2*in.owed >= window {
		in.due = true
	}
	return true
}

// take returns the number for a receipt.
func (in *inbound) take() uint64 {
	in.owed, in.due = 0, false
	return in.accepted
}
