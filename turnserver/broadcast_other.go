//go:build !unix

package turnserver

import "net"

// refuseBroadcast does nothing here: deny the broadcast addresses of this machine's networks with Config.Deny.
func refuseBroadcast(*net.UDPConn) error { return nil }
