package peer

import "time"

// Carrier names what frames ride on between a room and its server; the names are those of the browser SDK's option.
type Carrier string

// The carriers, in the order in which they are tried.
const (
	// CarrierWebSocket costs the least, and is the first to break behind a proxy.
	CarrierWebSocket Carrier = "websocket"
	// CarrierStream is one long HTTP response down, and short requests up. Proxies that hold responses back break it.
	CarrierStream Carrier = "stream"
	// CarrierPoll is one short request after the other. It comes through wherever a web page does.
	CarrierPoll Carrier = "poll"
)

// conduit is the connection to a server under a carrier, which says what each kind of them does in its own way.
type conduit interface {
	// receive returns the next frame. Its error is a *websocket.CloseError if the server has said why it ends, and any other when the
	// connection is lost, as it is when nothing was heard for silence. One goroutine at a time may call it.
	receive(silence time.Duration) ([]byte, error)
	// send takes frames to the server, at most batch of them, and returns when another may be made. A frame that was in a send
	// that failed may have arrived. One goroutine at a time may call it.
	send(frames [][]byte) error
	// batch is how many frames a send may have.
	batch() int
	// close ends the connection, and wakes the two above. It may be called from any goroutine, once or again.
	close()
}
