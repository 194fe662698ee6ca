package signaling

import (
	"cmp"
	"context"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Some keys, a nonce and an attestation.
var (
	keyA    = strings.Repeat("A", 43)
	keyB    = strings.Repeat("A", 42) + "E"
	nonceA  = strings.Repeat("A", 22)
	nonceB  = strings.Repeat("A", 21) + "Q"
	attestA = "e30.e30.c2ln"
)

func TestKeysAreShownToTheOthers(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		shows := func(m protocol.Member, key, nonce, attestation string) {
			t.Helper()
			if m.Key != key || m.Nonce != nonce || m.Attestation != attestation {
				t.Errorf("%+v", m)
			}
		}
		ada := w.connect().hello(protocol.Hello{Key: keyA, Nonce: nonceA, Attestation: attestA})
		j := ada.join(protocol.Join{Room: "tea"})
		shows(j.Members[0], keyA, nonceA, attestA)
		bob := w.connect().hello(protocol.Hello{Key: keyB, Nonce: nonceB})
		j = bob.join(protocol.Join{Room: "tea"})
		shows(j.Members[0], keyA, nonceA, attestA)
		shows(j.Members[1], keyB, nonceB, "")
		shows(*ada.event(protocol.EventJoined).Member, keyB, nonceB, "")
		w.in("tea")
		shows(*ada.event(protocol.EventJoined).Member, "", "", "")

		// Who comes back shows them again, in the event and in the snapshots after it.
		bob.drop()
		ada.event(protocol.EventAway)
		again := w.connect().hello(protocol.Hello{Instance: bob.instance, Resume: bob.welcome.Resume, Key: keyB, Nonce: nonceB, Attestation: attestA})
		again.join(protocol.Join{Room: "tea"})
		shows(*ada.event(protocol.EventBack).Member, keyB, nonceB, attestA)
		_, j = w.in("tea")
		shows(j.Members[1], keyB, nonceB, attestA)
	})
}

func TestAGrantBindsItsHolderToAKey(t *testing.T) {
	overAll(t, Config{Secret: []byte("of all"), Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
		key, _ := strings.CutPrefix(req.Token, "bound to ")
		if req.Key != keyA && req.Key != keyB && req.Key != "" {
			t.Errorf("asked about the key %q", req.Key)
		}
		return Grant{Identity: "ada", Rooms: []string{"*"}, Key: key}, nil
	}}, func(t *testing.T, w *world) {
		refusedHello := func(h protocol.Hello) {
			t.Helper()
			c := w.connect()
			h.Versions, h.Instance = []string{protocol.Version}, cmp.Or(h.Instance, c.instance)
			c.send(h)
			c.refused(protocol.CodeUnauthorized)
			c.ends(protocol.CloseUnauthorized)
		}
		refusedHello(protocol.Hello{Token: "bound to " + keyA})
		refusedHello(protocol.Hello{Token: "bound to " + keyA, Key: keyB, Nonce: nonceB})
		ada := w.connect().hello(protocol.Hello{Token: "bound to " + keyA, Key: keyA, Nonce: nonceA})

		// A thief of the resume token as well needs the key, and a good token in its place gives another peer.
		refusedHello(protocol.Hello{Token: "bound to " + keyA, Instance: ada.instance, Resume: ada.welcome.Resume, Key: keyB, Nonce: nonceB})
		other := w.connect().hello(protocol.Hello{Token: "bound to " + keyB, Instance: ada.instance, Resume: ada.welcome.Resume, Key: keyB, Nonce: nonceB})
		if other.welcome.Resumed || other.welcome.Peer == ada.welcome.Peer {
			t.Errorf("%+v", other.welcome)
		}
		back := w.connect().hello(protocol.Hello{Instance: ada.instance, Resume: ada.welcome.Resume, Key: keyA, Nonce: nonceA})
		if !back.welcome.Resumed {
			t.Errorf("%+v", back.welcome)
		}
		ada.ends(protocol.CloseReplaced)

		back.send(protocol.Token{ID: 5, Token: "bound to " + keyB})
		back.refused(protocol.CodeUnauthorized)
		back.send(protocol.Token{ID: 6, Token: "bound to " + keyA})
		if ice := next[protocol.ICE](back); ice.ID != 6 {
			t.Errorf("%+v", ice)
		}
	})
}
