package lab

// Kind is what stands between a host and the public network. The terms are those of RFC 4787, sections 4 and 5.
type Kind string

// The kinds that nftables can make.
const (
	// Open is nothing: the host has a public address.
	Open Kind = "open"
	// Cone is a NAT whose mappings do not depend on who is written to, and that lets everybody answer: what is called a full cone.
	Cone Kind = "cone"
	// NAT has such mappings, too, but lets only those in that were written to, address and port: what most homes have.
	NAT Kind = "nat"
	// Symmetric is a NAT with another port for everybody who is written to, and a random one: large companies and mobile networks.
	Symmetric Kind = "symmetric"
	// NoUDP is a NAT whose firewall drops UDP, without a word.
	NoUDP Kind = "no-udp"
	// Only443 is a NAT whose firewall drops everything but TCP to port 443.
	Only443 Kind = "only-443"
)

// Kinds returns every kind, from the most open to the most closed.
func Kinds() []Kind { return []Kind{Open, Cone, NAT, Symmetric, NoUDP, Only443} }

// UDP tells whether UDP comes through at all.
func (k Kind) UDP() bool { return k != NoUDP && k != Only443 }

// Direct tells whether hosts of the two kinds, in different houses, can reach each other without a relay, by ICE over UDP.
//
// A symmetric NAT does not tell anybody the port that it will use for the other side. The other side can only learn it from a packet
// that arrives, and a NAT or a Symmetric one lets none in from a port that was not written to.
func Direct(a, b Kind) bool {
	lets := func(k Kind) bool { return k == Open || k == Cone }
	switch {
	case !a.UDP() || !b.UDP():
		return false
	case a == Symmetric:
		return lets(b)
	case b == Symmetric:
		return lets(a)
	}
	return true
}
