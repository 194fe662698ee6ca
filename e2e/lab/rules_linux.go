package lab

import (
	"fmt"
	"strings"
)

// rules are the nftables rules of a router, whose interfaces are called wan and lan. ports, if not "", is where the source ports of
// mappings are taken from; without, a NAT keeps the port of its host where it is free, as most do.
//
// nftables has no NAT whose mappings are independent of the endpoint by design. But the kernel gives packets of one source the
// source that it has given them before, if that leads to no conflict, which comes to the same.
func (k Kind) rules(host, ports string, loss int) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("flush ruleset")
	line("table ip lab {")
	line("chain forward { type filter hook forward priority filter; policy drop")
	if loss > 0 {
		line("meta l4proto udp numgen random mod 100 < %d drop", loss)
	}
	// Before what is established: a firewall that is switched on later ends what there is.
	switch k {
	case NoUDP:
		line("meta l4proto udp drop")
	case Only443:
		line("iifname lan meta l4proto != tcp drop")
		line("iifname lan tcp dport != 443 drop")
	}
	line("ct state established,related accept")
	line("iifname lan oifname wan accept")
	if k == Cone {
		line("iifname wan oifname lan meta l4proto udp accept")
	}
	line("}")
	// Whoever knocks at the router itself gets nothing, and above all no entry of connection tracking. Such an entry would hold the very
	// port that the other side's check came from, the answer would be given another one, and holes would never be punched.
	line("chain input { type filter hook input priority filter; policy accept; iifname wan ct state new drop; }")
	line("chain out { type nat hook postrouting priority srcnat;")
	how := ""
	if ports != "" {
		how = "to :" + ports
	}
	if k == Symmetric {
		how += " fully-random"
	}
	line("oifname wan meta l4proto { tcp, udp } masquerade %s", how)
	line("oifname wan masquerade")
	line("}")
	if k == Cone {
		line("chain in { type nat hook prerouting priority dstnat; iifname wan udp dport 1024-65535 dnat to %s; }", host)
	}
	line("}")
	return b.String()
}
