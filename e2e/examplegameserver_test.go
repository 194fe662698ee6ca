//go:build unix

package e2e

import (
	"context"
	"encoding/binary"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/peer"
)

// Two pages play on a server of Go: what a page predicts is what happens, each sees the other, who comes later finds the game as it is, and
// who goes is gone. A player whose clock is too fast gains nothing by that. Who comes when all seats are taken is told so, and is in when one is left.
func TestExampleGameserver(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "gameserver")
	if out, err := exec.Command("go", "build", "-o", program, "../examples/gameserver").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	origin := examples(t, "gameserver", nil)
	b := serve(t, hostIP(t).String(), "--allow-origin", origin)
	game, err := process.Start(context.WithoutCancel(t.Context()), process.Config{Path: program, Args: []string{"-seats", "3", b.Room}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := interrupt(game); err != nil {
			t.Errorf("the game server: %v\n%s", err, game.Stderr())
		}
	})
	page := func() *screen { return newScreen(t, exampleURL(origin, b), 800, 700) }
	press := func(s *screen, kind, key string) {
		t.Helper()
		s.do(t, chromedp.Evaluate[chromedp.Void](`dispatchEvent(new KeyboardEvent("`+kind+`", { key: "`+key+`" }))`))
	}
	ada := page()
	ada.waits(t, `globalThis.facts?.players === 1 && facts.acknowledged > 30`)
	press(ada, "keydown", "ArrowRight")
	press(ada, "keydown", "ArrowDown")
	ada.waits(t, `facts.x > 12000 && facts.y > 6000`)
	press(ada, "keyup", "ArrowRight")
	press(ada, "keyup", "ArrowDown")

	bob := page() // who was not here when Ada moved
	bob.waits(t, `globalThis.facts?.players === 2 && facts.others[0].x > 12000 && facts.others[0].y > 6000 && facts.acknowledged > 30`)
	press(ada, "keydown", "ArrowLeft")
	bob.waits(t, `facts.others[0].x < 3000`)
	press(ada, "keyup", "ArrowLeft")
	for name, s := range map[string]*screen{"Ada": ada, "Bob": bob} {
		got, err := chromedp.Run(s.ctx, chromedp.Evaluate[struct{ Snapshots, Old, Corrected int }](`facts`))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v", name, got)
		if got.Corrected > 0 {
			t.Errorf("of %d snapshots %d moved %s from where the page thought to be", got.Snapshots, got.Corrected, name)
		}
	}
	hurry(t, b)
	ada.waits(t, `facts.players === 2`)

	cleo := page()
	cleo.waits(t, `globalThis.facts?.players === 3`)
	dora := page()
	dora.waits(t, `document.getElementById("status").textContent.startsWith("All seats are taken")`)
	cleo.do(t, chromedp.Navigate("about:blank"))
	dora.waits(t, `facts.players === 3 && facts.acknowledged > 0`)
}

// hurry plays with ten inputs for each tick of the server, and with what is no packet; then it goes.
func hurry(t *testing.T, b *server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	room, err := peer.Join(ctx, b.Base, b.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	var server *peer.Peer
	for _, p := range room.Peers() {
		if string(p.Attributes()) == `{"game":true,"name":"game server"}` {
			server = p
		}
	}
	if server == nil {
		t.Fatalf("no game server among %d", len(room.Peers()))
	}
	p, err := room.Connect(ctx, server.ID())
	if err != nil {
		t.Fatal(err)
	}
	ch, err := p.Open(ctx, "play", &peer.ChannelOptions{Unordered: true, MaxRetransmits: new(uint16)})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "1234", "\x00\x00\x00\x09\xff", "\x00\x00\x00\x01\x01\x01", "\x00\x00\x00\x20012345678901234567"} {
		if err := ch.Send(ctx, []byte(bad)); err != nil {
			t.Fatal(err)
		}
	}
	var first, last, ack uint32
	for last < first+60 {
		data, _, err := ch.Recv(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if last, ack = binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:]); first == 0 {
			first = last
		}
		if players := (len(data) - 14) / 12; players != 3 {
			t.Fatalf("%d players", players)
		}
		packet := binary.BigEndian.AppendUint32(nil, ack+10)
		if err := ch.Send(ctx, append(packet, make([]byte, 10)...)); err != nil {
			t.Fatal(err)
		}
	}
	// What may be made up for at the beginning, and one for each tick, with what clocks may differ.
	if most := 10 + (last-first+2)*103/100; ack > most || ack < 60 {
		t.Errorf("%d inputs were carried out in %d ticks, want at most %d", ack, last-first, most)
	}
}
