package main

import (
	"math"
	"strconv"
	"strings"

	"github.com/beckon-rtc/beckon/turnserver"
)

const limitForm = "write it like identity:allocations=50,bytes=20GB,rate=8Mbit, with room or address in the place of identity"

// parseRelayLimits reads the items of --relay-limit: `SCOPE:WHAT=HOW MANY`. An item without a scope has that of the item before
// it, so that a list says it once.
func parseRelayLimits(items []string) (q turnserver.Quotas, err error) {
	scope, said := "", map[string]bool{}
	for _, item := range items {
		text := strings.TrimSpace(item)
		if s, rest, ok := strings.Cut(text, ":"); ok {
			scope, text = s, rest
		}
		var quota *turnserver.Quota
		switch scope {
		case "identity":
			quota = &q.Identity
		case "room":
			quota = &q.Room
		case "address":
			quota = &q.Address
		default:
			return q, usagef("--relay-limit %q does not say of what: %s", item, limitForm)
		}
		what, value, ok := strings.Cut(text, "=")
		if !ok {
			return q, usagef("--relay-limit %q has no number: %s", item, limitForm)
		}
		if said[scope+what] {
			return q, usagef("--relay-limit says %s:%s twice: leave out one of them", scope, what)
		}
		said[scope+what] = true
		if err := setLimit(quota, item, what, value); err != nil {
			return q, err
		}
	}
	return q, nil
}

func setLimit(quota *turnserver.Quota, item, what, value string) error {
	switch what {
	case "allocations":
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || n <= 0 {
			return usagef("--relay-limit %q: allocations are counted in whole numbers from 1: to have no limit, leave it out", item)
		}
		quota.Allocations = int(n)
	case "bytes":
		n, ok := parseAmount(value, byteUnits())
		if !ok {
			return usagef("--relay-limit %q: bytes a day are a number and kB, MB, GB or TB, like 20GB; bits a second are rate=8Mbit", item)
		}
		quota.Bytes = n
	case "rate":
		n, ok := parseAmount(value, map[string]float64{"bit": 1, "kbit": 1e3, "Mbit": 1e6, "Gbit": 1e9})
		if !ok {
			return usagef("--relay-limit %q: a rate is a number and kbit, Mbit or Gbit, each second, like 8Mbit; a volume is bytes=20GB", item)
		}
		quota.BitsPerSecond = n
	default:
		return usagef("--relay-limit %q: %q is none of allocations, bytes and rate", item, what)
	}
	return nil
}

// parseAmount reads a number with one of the units. The case of a unit's letters is forgiven but for that of its last, where B
// is bytes and b would be bits.
func parseAmount(s string, units map[string]float64) (int64, bool) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.ParseFloat(digits, 64)
	unit := s[len(digits):]
	for name, factor := range units {
		if strings.EqualFold(unit, name) && unit[len(unit)-1] == name[len(name)-1] {
			n *= factor
			return int64(n), err == nil && n >= 1 && n < math.MaxInt64
		}
	}
	return 0, false
}
