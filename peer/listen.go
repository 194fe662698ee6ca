package peer

import (
	"context"
	"net"
	"sync"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Dial opens a channel that is ordered and reliable, and makes a net.Conn of it; see NetConn for what that is. The other side gets it from a
// listener for the label (Room.Listen), or from Accept. ctx bounds the call, not the connection. A round trip is not waited for, so the error
// of a side that does not take the connection is that of a later Read or Write.
//
// In an http.Transport it takes the place of the network, where the host of a URL says nothing and may be anything:
//
//	client := http.Client{Transport: &http.Transport{
//		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return p.Dial(ctx, "http") },
//	}}
//	resp, err := client.Get("http://peer/file.txt")
func (p *Peer) Dial(ctx context.Context, label string) (net.Conn, error) {
	ch, err := p.open(ctx, label, ChannelOptions{})
	if err != nil {
		return nil, wrap(err, "dial %.80q", label)
	}
	return NetConn(ch), nil
}

// Listen returns a listener for the channels with that label which any peer of the room opens from now on, as connections, so that what
// serves a net.Listener serves peers:
//
//	listener, err := room.Listen("http")
//	err = http.Serve(listener, handler)
//
// They are those that are ordered and reliable and not Raw, and Accept does not return them any more. The RemoteAddr of a connection is the
// peer's id, so that Room.Peer tells more. At most 128 wait to be accepted; a further one is refused, which the other side sees
// (CodeOverflow), and counted in Room.Stats.
//
// Close ends the listener and the connections that nobody has accepted; those that were accepted go on. After it, Accept's error is
// net.ErrClosed; when the room ends, what its Context says. Another Listen of the same label fails with CodeUnsupported until then.
func (r *Room) Listen(label string) (net.Listener, error) {
	l := &listener{room: r, label: label, conns: newQueue[net.Conn](maxBacklog)}
	l.ctx, l.end = context.WithCancelCause(r.ctx)
	err := codedCause(r.ctx)
	if err == nil && !r.listeners.add(l) {
		err = protocol.Errorf(protocol.CodeUnsupported, "the room listens for that label already")
	}
	if err != nil {
		l.end(err)
		return nil, wrap(err, "listen for %.80q", label)
	}
	return l, nil
}

type listener struct {
	room  *Room
	label string
	conns *queue[net.Conn]
	ctx   context.Context // within the room's
	end   context.CancelCauseFunc
}

var _ net.Listener = (*listener)(nil)

func (l *listener) Accept() (net.Conn, error) {
	conn, _, err := l.conns.take(context.Background(), l.ctx)
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: network, Addr: l.Addr(), Err: err}
	}
	return conn, nil
}

func (l *listener) Close() error {
	l.room.listeners.remove(l)
	l.end(net.ErrClosed)
	l.conns.remove(func(conn net.Conn) bool {
		conn.Close()
		return true
	})
	return nil
}

// Addr is this peer's own id: all listeners of a room have the same.
func (l *listener) Addr() net.Addr { return addr(l.room.ID()) }

// listeners are those of a room. The zero value has none.
type listeners struct {
	mu      sync.Mutex
	byLabel map[string]*listener
}

func (ls *listeners) add(l *listener) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.byLabel[l.label] != nil {
		return false
	}
	if ls.byLabel == nil {
		ls.byLabel = make(map[string]*listener)
	}
	ls.byLabel[l.label] = l
	return true
}

func (ls *listeners) remove(l *listener) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.byLabel[l.label] == l {
		delete(ls.byLabel, l.label)
	}
}

// offer gives a channel to who listens for its label. It never blocks. Nothing is offered to a listener that was removed.
func (ls *listeners) offer(ch *Channel) (listened, taken bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.byLabel[ch.label]
	if l == nil || !ch.options.stream() {
		return false, false
	}
	return true, l.conns.offer(NetConn(ch))
}
