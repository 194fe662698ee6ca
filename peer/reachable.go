package peer

// reachable tells whether p can be signalled now. The caller holds mu.
func (r *Room) reachable(p *Peer) bool { return r.ctx.Err() == nil && !p.away }
