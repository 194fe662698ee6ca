package main

import (
	"strings"

	"rsc.io/qr"
)

// quietZone is how many light modules are around a code, which ISO/IEC 18004 wants for a reader to find it.
const quietZone = 4

// qrText draws a text as a QR code, two rows of modules in a line of half blocks. "" if it is wider than the terminal, where it would be
// no code any more, unless it is wanted in any case.
//
// Black and white are said, and not left to the terminal's own colours, in which half of all people would see the negative: not every camera
// reads that. The colours 16 and 231 are those that themes leave alone.
func qrText(text string, width int, always bool) string {
	code, err := qr.Encode(text, qr.M)
	if err != nil || !always && code.Size+2*quietZone > width {
		return ""
	}
	black := func(x, y int) bool { return code.Black(x-quietZone, y-quietZone) } // false outside of the code
	var b strings.Builder
	size := code.Size + 2*quietZone
	for y := 0; y < size; y += 2 {
		b.WriteString("\x1b[38;5;16;48;5;231m")
		for x := range size {
			switch upper, lower := black(x, y), black(x, y+1); {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
