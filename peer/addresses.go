package peer

import (
	"net"
	"slices"
	"time"
)

// addressesEvery is how often the machine's addresses are looked at: Go has no event for it that all systems have.
const addressesEvery = 3 * time.Second

// uprooted is what happened to the machine's addresses.
type uprooted int

const (
	stayed  uprooted = iota
	gained           // there is a new one
	lostOne          // one is gone, and with it perhaps the way
)

// addressWatch is guarded by room.mu.
type addressWatch struct {
	running bool
	read    func() ([]net.Addr, error) // nil is net.InterfaceAddrs; for tests
}

// now returns the addresses of now, nil if they cannot be had.
func (a *addressWatch) now() []string {
	read := a.read
	if read == nil {
		read = net.InterfaceAddrs
	}
	addrs, err := read()
	if err != nil {
		return nil
	}
	return routable(addrs)
}

// network is addresses.now for who does not hold mu.
func (r *Room) network() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.addresses.now()
}

// watchAddresses sees to it that the addresses are watched for as long as there are connections. The caller holds mu.
func (r *Room) watchAddresses() {
	if r.addresses.running {
		return
	}
	r.addresses.running = true
	r.goroutines.Go(func() {
		ticker := time.NewTicker(addressesEvery)
		defer ticker.Stop()
		var known []string
		for {
			adrift, goesOn := r.lookAtAddresses(&known)
			if adrift != nil {
				adrift.end(errUprooted)
			}
			if !goesOn {
				return
			}
			select {
			case <-ticker.C:
			case <-r.ctx.Done():
			}
		}
	})
}

// lookAtAddresses tells the connections when the addresses are others than known. It returns the signaling connection if its own address
// is no longer among them, and goesOn is false when there is nobody to tell.
func (r *Room) lookAtAddresses(known *[]string) (adrift *carrier, goesOn bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.connections) == 0 || r.ctx.Err() != nil {
		r.addresses.running = false
		return nil, false
	}
	now := r.addresses.now()
	if now == nil {
		return nil, true // it is asked again
	}
	if what := compareAddresses(*known, now); what != stayed {
		r.log.Info().Strs("addresses", now).Msg("the network changed")
		for c := range r.connections {
			c.uproot(what)
		}
	}
	if c := r.carrier; c != nil && slices.Contains(*known, c.from) && !slices.Contains(now, c.from) {
		adrift = c
	}
	*known = now
	return adrift, true
}

// routable leaves out the addresses that lead nowhere: they come and go with every container.
func routable(addrs []net.Addr) []string {
	routable := make([]string, 0, len(addrs))
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			routable = append(routable, n.IP.String())
		}
	}
	slices.Sort(routable)
	return routable
}

// compareAddresses compares two lists of addresses; nothing can be said of the first, when none is known.
func compareAddresses(known, now []string) uprooted {
	missing := func(from []string) func(string) bool {
		return func(a string) bool { return !slices.Contains(from, a) }
	}
	switch {
	case slices.ContainsFunc(known, missing(now)):
		return lostOne
	case known != nil && slices.ContainsFunc(now, missing(known)):
		return gained
	}
	return stayed
}

// uproot says that the machine's addresses have changed.
func (c *connection) uproot(what uprooted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.uprooted = max(c.uprooted, what)
	c.nudge()
}

// lookAtAddresses looks for another way when an address is gone, and when there is a new one and no way. A new one beside the
// old is no reason: with Pion a restart gives up the way that there is.
//
// An interface that is down keeps its address on many systems. What was looked for while all were down has found nothing, so it is
// looked for again as soon as one is up.
func (c *connection) lookAtAddresses(now time.Time) {
	l := &c.lookout
	c.mu.Lock()
	what := c.uprooted
	c.uprooted = stayed
	back := c.stranded && l.lost && networked()
	c.stranded = c.stranded && !back
	c.mu.Unlock()
	if back || what == lostOne || what == gained && (l.lost || !l.met) {
		l.restartAt = now
	}
}

// networked tells whether an interface is up that leads somewhere; true if that cannot be told.
func networked() bool {
	all, err := net.Interfaces()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(all, func(i net.Interface) bool {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			return false
		}
		addrs, err := i.Addrs()
		return err != nil || len(routable(addrs)) > 0
	})
}
