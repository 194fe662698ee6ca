package identity

import "encoding/hex"

// lowOrder tells the keys that are points of small order. Their owners need no private half: a signature can be made that is good for one in
// eight messages, or for all, by whoever has seen the key; so what is signed with them proves nothing. Of an honest key this is never true.
//
// RFC 8032 (section 5.1.3) lets the curve have eight such points. Verifiers, crypto/ed25519 among them, read y modulo p and take a sign that x = 0 cannot
// have, which makes fourteen spellings of the eight: seven values of y, each with either sign.
func (k PublicKey) lowOrder() bool {
	k[31] &= 0x7f // the sign of x
	for _, y := range lowOrderY() {
		if k == y {
			return true
		}
	}
	return false
}

// lowOrderY are the y, in little endian, with which a point is of small order.
func lowOrderY() (list [7]PublicKey) {
	for i, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0100000000000000000000000000000000000000000000000000000000000000", // the neutral element
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p - 1: order 2
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p, which is 0
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 1, which is 1
	} {
		_, _ = hex.Decode(list[i][:], []byte(text)) // these are digits
	}
	return list
}
