//go:build !linux

package turnserver

import (
	"math"
	"net"
)

// smallestBuffer is not known here: other systems refuse a size that they do not give.
func smallestBuffer(*net.UDPConn) int { return math.MaxInt }
