package protocol

// Topology is who connects to whom in a room.
type Topology string

// The topologies.
const (
	// TopologyMesh connects every pair of the first members, up to the server's mesh limit.
	TopologyMesh Topology = "mesh"
	// TopologyNone connects nobody by itself; an SDK's Connect asks for single connections.
	TopologyNone Topology = "none"
)

// Valid tells whether t is a topology of this version; "" (the default, mesh) is.
func (t Topology) Valid() bool { return t == "" || t == TopologyMesh || t == TopologyNone }

// Offers tells whether member a makes the offers in its connection with member b: exactly one of Offers(a, b) and
// Offers(b, a) is true for two different instances, and both ends compute the same, so offers never cross.
//
// The member that cannot roll back offers, because it could not yield; else the smaller instance.
func Offers(a, b Member) bool {
	ra, rb := a.Capabilities[CapabilityRollback], b.Capabilities[CapabilityRollback]
	if ra != rb {
		return !ra
	}
	return a.Instance < b.Instance
}

// Connects tells whether the room connects peers a and b by itself. It is the one place where that is decided.
//
// In a mesh those connect who are among the first limit members by rank; all members see one log, so all agree. Both must
// be in members.
func Connects(topology Topology, limit int, members []Member, a, b string) bool {
	return topology == TopologyMesh && a != b && ranked(members, a, limit) && ranked(members, b, limit)
}

// ranked tells whether peer is among the first limit members by their joined positions.
func ranked(members []Member, peer string, limit int) bool {
	var self *Member
	for i := range members {
		if members[i].Peer == peer {
			self = &members[i]
		}
	}
	if self == nil {
		return false
	}
	rank := 0
	for i := range members {
		if members[i].Joined < self.Joined {
			rank++
		}
	}
	return rank < limit
}
