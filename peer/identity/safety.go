package identity

import (
	"bytes"
	"crypto/sha512"
	"fmt"
	"strings"
)

const safetyLabel = "beckon/1 safety-number\x00"

// SafetyNumber is what two people read to each other to see that nobody is between them: 60 digits in 12 groups, the same whichever of the
// two keys comes first. It is of the keys alone, so it stays for as long as they do. Of all keys that somebody could try, one with half of
// these digits is beyond reach; a shorter number would need that both commit to their keys first.
func SafetyNumber(a, b PublicKey) string {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return strings.Join(append(digits(a), digits(b)...), " ")
}

// digits are 30 of a key: six times five bytes of its hash, as five digits.
func digits(k PublicKey) []string {
	sum := sha512.Sum512(append([]byte(safetyLabel), k[:]...))
	groups := make([]string, 6)
	for i := range groups {
		var n uint64
		for _, c := range sum[5*i : 5*i+5] {
			n = n<<8 | uint64(c)
		}
		groups[i] = fmt.Sprintf("%05d", n%100_000)
	}
	return groups
}
