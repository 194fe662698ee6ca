package delivery

import (
	"cmp"
	"slices"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// member is what is known of a member of the room.
type member struct {
	info protocol.Member
	// missing tells that this epoch's log has not shown it yet: the server has restarted, and the member may not have found
	// back. It is away until the grace has passed.
	missing bool
	// doubt is the number of the ping whose pong decides that a missing member has left; 0 while the grace runs.
	doubt uint64
}

func (m *member) address() string { return addressOf(m.info.Peer, m.info.Instance) }

// graceTimer gives a missing member up.
func (m *member) graceTimer() string { return "grace " + m.address() }

// roster is the members of the room, in the order in which they became known.
type roster struct {
	all    []*member
	byPeer map[string]*member
}

func (r *roster) add(m *member) {
	r.all = append(r.all, m)
	r.byPeer[m.info.Peer] = m
}

func (r *roster) remove(m *member) {
	r.all = slices.DeleteFunc(r.all, func(other *member) bool { return other == m })
	delete(r.byPeer, m.info.Peer)
}

// find returns the member at an address, nil if there is none.
func (r *roster) find(peer, instance string) *member {
	if m := r.byPeer[peer]; m != nil && m.info.Instance == instance {
		return m
	}
	return nil
}

// missing tells whether somebody is, of whom it is not known whether it has what was said.
func (r *roster) missing() bool {
	return slices.ContainsFunc(r.all, func(m *member) bool { return m.missing })
}

// infos are the members by rank.
func (r *roster) infos() []protocol.Member {
	infos := make([]protocol.Member, len(r.all))
	for i, m := range r.all {
		infos[i] = m.info
	}
	slices.SortStableFunc(infos, func(a, b protocol.Member) int { return cmp.Compare(a.Joined, b.Joined) })
	return infos
}

// addressOf names an instance as messages are numbered for it. A peer id alone would confuse a page with the one before its
// reload, an instance alone could be claimed by another peer.
func addressOf(peer, instance string) string { return peer + "/" + instance }
