//go:build !unix

package main

import "io"

// terminalWidth does not know.
func terminalWidth(io.Writer) int { return 0 }
