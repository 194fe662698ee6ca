package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// byteRate is a flag's bytes per second; 0, if it is not given, is no limit.
type byteRate int64

// Decode reads it, with or without what rates often end with.
func (r *byteRate) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("rate", &text); err != nil {
		return err
	}
	n, ok := parseAmount(strings.TrimSuffix(text, "/s"), byteUnits())
	if !ok {
		return fmt.Errorf("%q is no rate: that is a number and kB or MB, for each second, like 2MB", text)
	}
	*r = byteRate(n)
	return nil
}

// byteUnits are the units of a number of bytes.
func byteUnits() map[string]float64 {
	return map[string]float64{
		"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}
}
