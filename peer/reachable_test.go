package peer

import (
	"net"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

func TestReachable(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"192.0.2.1": true, "127.0.0.1": true, "169.254.1.1": true, "2001:db8::1": true, "fd00::1": true, "::1": true,
		"fe80::1": false, "febf::1": false,
	} {
		if got := reachable(net.ParseIP(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// No other side is told an address that it cannot send to: of two programs on one machine it could be the first to answer.
func TestNoCandidateIsLinkLocal(t *testing.T) {
	t.Parallel()
	f := newFactory(&Config{DisableMDNS: true})
	pc, err := f.connection(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pc.GracefulClose()
	if _, err := pc.CreateDataChannel("x", nil); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-done
	for _, stat := range pc.GetStats() { // Pion does not tell the other side of one, but uses it
		if candidate, ok := stat.(webrtc.ICECandidateStats); ok && strings.HasPrefix(candidate.IP, "fe80:") {
			t.Errorf("%s is a candidate", candidate.IP)
		}
	}
}
