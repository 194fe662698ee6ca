package delivery

import "slices"

// links is a link for each instance that is a member and has been talked with, and for those of the past.
type links struct {
	cfg *Config
	out *output
	// byAddress has the living and the departed.
	byAddress map[string]*link
	living    []*link // in the order in which they were made
	departed  []*link // in the order in which they left
	turn      int     // the index in living of who is to be served first
}

// open returns the living link to an instance. One that had departed goes on where it was: an instance may come back after
// its grace, and what each side does then must not depend on when it gave the other up.
func (ls *links) open(peer, instance string) *link {
	address := addressOf(peer, instance)
	l := ls.byAddress[address]
	if l == nil {
		l = newLink(ls.cfg, ls.out, peer, instance)
		ls.byAddress[address] = l
		ls.living = append(ls.living, l)
	} else if i := slices.Index(ls.departed, l); i >= 0 {
		ls.departed = slices.Delete(ls.departed, i, i+1)
		ls.living = append(ls.living, l)
	}
	return l
}

// depart keeps a link's numbers for the case that the instance returns; the oldest are forgotten.
func (ls *links) depart(l *link) {
	i := slices.Index(ls.living, l)
	if i < 0 {
		return
	}
	ls.living = slices.Delete(ls.living, i, i+1)
	if i < ls.turn {
		ls.turn--
	}
	ls.departed = append(ls.departed, l)
	if len(ls.departed) > ls.cfg.MaxDeparted {
		delete(ls.byAddress, ls.departed[0].address())
		ls.departed = ls.departed[1:]
	}
}

// skip lets the numbers of all instances jump once, because a gap was told.
func (ls *links) skip() {
	for _, l := range ls.living {
		l.skip = true
	}
	for _, l := range ls.departed {
		l.skip = true
	}
}
