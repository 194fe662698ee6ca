package turnserver

import (
	"encoding/binary"
	"testing"

	"github.com/pion/stun/v4"
)

// A client that has no allocation, since the server was restarted for example, is told so at once.
func TestRequestsWithoutAnAllocationAreRefused(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		s := listen(t)
		peer := newWire(t, s, network)
		at := peer.allocate()
		w := newWire(t, s, network)
		channel := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 1, 0, 0}}
		end := stun.RawAttribute{Type: stun.AttrLifetime, Value: binary.BigEndian.AppendUint32(nil, 0)}
		ask := func(when string, want stun.ErrorCode) {
			t.Helper()
			for name, request := range map[string]func() (stun.ErrorCode, *stun.Message){
				"Refresh":          func() (stun.ErrorCode, *stun.Message) { return w.request(stun.MethodRefresh) },
				"CreatePermission": func() (stun.ErrorCode, *stun.Message) { return w.request(stun.MethodCreatePermission, peerAddress(at)) },
				"ChannelBind": func() (stun.ErrorCode, *stun.Message) {
					return w.request(stun.MethodChannelBind, channel, peerAddress(at))
				},
			} {
				if code, _ := request(); code != want {
					t.Errorf("%s over %s %s: %d, want %d", name, network, when, code, want)
				}
			}
		}
		ask("without an allocation", stun.CodeAllocMismatch)
		if n := s.Stats().Requests["no-allocation"]; n != 3 {
			t.Errorf("counted %d over %s, want 3", n, network)
		}
		w.allocate()
		ask("with one", 0)
		if code, _ := w.request(stun.MethodRefresh, end); code != 0 {
			t.Errorf("the allocation's end over %s: %d", network, code)
		}
		ask("after its end", stun.CodeAllocMismatch)
	}
}
