package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// patience is for how long to wait: a flag's value that is never negative.
type patience time.Duration

var _ kong.MapperValue = (*patience)(nil)

// Decode reads what follows the flag. Kong's own reader takes a -5s for another flag, and its advice for that would only lead
// to the next error.
func (p *patience) Decode(ctx *kong.DecodeContext) error {
	text := ""
	if token := ctx.Scan.Pop(); !token.IsEOL() {
		text = token.String()
	}
	d, err := time.ParseDuration(text)
	switch {
	case err == nil && d >= 0:
		*p = patience(d)
		return nil
	case text != "" && strings.Trim(text, "0123456789") == "":
		return fmt.Errorf("%q has no unit: did you mean %q?", text, text+"s")
	}
	return fmt.Errorf("%q is no time to wait: write it like 10s or 1m30s; 0s does not wait", text)
}
