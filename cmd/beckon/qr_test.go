package main

import (
	"strings"
	"testing"

	"rsc.io/qr"
)

// What is drawn is the code, module by module, within a quiet zone of four, dark on light whatever the terminal's colours are.
func TestQR(t *testing.T) {
	t.Parallel()
	const link = "https://beckon.example.org/r/k3vq2mzx7w5abcde#k=ccymBKHrgqATMCTYRIQVgw"
	code, err := qr.Encode(link, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	size := code.Size + 2*quietZone
	text := qrText(link, size, false)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != (size+1)/2 {
		t.Fatalf("%d lines for %d modules", len(lines), size)
	}
	for row, line := range lines {
		modules, ok := strings.CutPrefix(line, "\x1b[38;5;16;48;5;231m")
		modules, closed := strings.CutSuffix(modules, "\x1b[0m")
		cells := []rune(modules)
		if !ok || !closed || len(cells) != size {
			t.Fatalf("line %d is %q", row, line)
		}
		for x, c := range cells {
			for half := range 2 {
				y := 2*row + half
				dark := c == '█' || c == '▀' && half == 0 || c == '▄' && half == 1
				inside := x >= quietZone && y >= quietZone && x < size-quietZone && y < size-quietZone
				if want := inside && code.Black(x-quietZone, y-quietZone); dark != want {
					t.Fatalf("the module at %d, %d is dark: %v, want %v", x, y, dark, want)
				}
			}
		}
	}
	if got := qrText(link, size-1, false); got != "" {
		t.Error("it is drawn where it does not fit")
	}
	if got := qrText(link, size-1, true); got != text {
		t.Error("it is not drawn although it was asked for")
	}
	if got := qrText(strings.Repeat("x", 5000), 1000, true); got != "" {
		t.Error("there is a code for what is too long for one")
	}
}
