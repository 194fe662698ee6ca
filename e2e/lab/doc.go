// Package lab builds networks that are like those between the users of an app,
// out of Linux network namespaces, veth pairs and nftables: a public segment,
// and houses on it with a host in each, behind a NAT or a firewall of a Kind.
//
//	          198.51.100.0/24, a bridge in its own namespace
//	────┬─────────────────────────┬─────────────────────────┬────
//	    │ .1 .2, for servers      │ .11                     │ .12
//	  (pub)                     [NAT] 10.0.1.1            (host, open)
//	                              │
//	                            (host) 10.0.1.2
//
// Programs run in a house with Host.Command, and sockets of the test itself are
// opened in one with Listen and Dial. What goes wrong in real networks is done
// with Reboot, Cut, Move and Lose.
//
// Namespaces have names that tell the process that they belong to, so that
// several labs, and several test programs, run at once, and so that what a
// killed test left behind is found and removed by the next one: see New.
//
// A lab has no goroutines. Its methods may be called by one goroutine at a
// time, those of different labs by several.
//
// It needs root, Linux, and the programs ip and nft; see Missing.
package lab
