package main

import (
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/cmd/beckon/lights"
	"github.com/beckon-rtc/beckon/peer"
)

// Two bots, the server and somebody who watches them, each as users have them, with real data channels on loopback. The link has a secret.
func TestGame(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
	const secret = "#k=AAECAwQFBgcICQoLDA0ODw"
	bots := map[string]*running{}
	for _, skill := range []string{"keen", "easy"} {
		bot := start(t, true, "bot", "game", s.first+secret, "--skill", skill, "--name", skill)
		bots[bot.logged(t, "joined", "peer")] = bot
	}
	link, err := peer.ParseLink(s.first + secret)
	if err != nil {
		t.Fatal(err)
	}
	room, err := peer.Join(t.Context(), link.Server, link.Room, &peer.Config{Secret: link.Secret})
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	watched := make(chan struct{})
	for range bots {
		p, err := room.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() { watch(t, p); watched <- struct{}{} }()
	}
	for range bots {
		<-watched
	}
	for id, bot := range bots {
		if code := bot.interrupt(); code != exitOK {
			t.Errorf("the exit code of %s is %d; stderr:\n%s", id, code, bot.stderr)
		}
		if text := bot.stderr.String(); !strings.Contains(text, `"message":"the game is over"`) || !strings.Contains(text, `"malformed":1,`) ||
			!strings.Contains(text, `"foreign":1,`) || strings.Contains(text, secret[3:]) {
			t.Errorf("the bot's log is\n%s", text)
		}
	}
}

// watch hears a bot until it has a light, and says to it what is no packet, and another's.
func watch(t *testing.T, p *peer.Peer) {
	ctx := patient(t)
	ch, err := p.Accept(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	if o := ch.Options(); ch.Label() != lights.Label || !o.Unordered || o.MaxRetransmits == nil || *o.MaxRetransmits != 0 {
		t.Errorf("the channel is %q, %+v", ch.Label(), o)
	}
	mouth, err := p.Open(ctx, lights.Label, nil)
	if err != nil {
		t.Error(err)
		return
	}
	foreign := lights.AppendPacket(nil, &lights.Packet{Number: 1})
	for _, data := range [][]byte{foreign, foreign[1:]} {
		if err := mouth.Send(ctx, data); err != nil {
			t.Error(err)
			return
		}
	}
	var first, last lights.Packet
	for n := 0; last.Score == 0 || n < 60; n++ {
		data, isText, err := ch.Recv(ctx)
		if err != nil || isText {
			t.Errorf("text: %v, %v", isText, err)
			return
		}
		said, err := lights.DecodePacket(data)
		if err != nil {
			t.Error(err)
			return
		}
		if n == 0 {
			first = said
		}
		last = said
	}
	if last.Number != lights.Number(p.ID()) || last.Tick < first.Tick+50 || last.Boat == first.Boat {
		t.Errorf("it said %+v, and then %+v", first, last)
	}
}

func TestGameErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"skill":  {[]string{"http://127.0.0.1:1/r/tea", "--skill", "great"}, `--skill must be one of "easy","fair","keen"`},
		"room":   {[]string{"http://127.0.0.1:1/"}, "names no room"},
		"secret": {[]string{"http://127.0.0.1:1/r/tea#k=short"}, "secret"},
		"server": {[]string{"http://127.0.0.1:1/r/tea#k=AAECAwQFBgcICQoLDA0ODw"}, "cannot join http://127.0.0.1:1/r/tea: "},
	} {
		var stdout, stderr strings.Builder
		run(t.Context(), append([]string{"bot", "game"}, c.args...), &stdout, &stderr, nil)
		if text := stderr.String(); !strings.Contains(text, c.says) || strings.Contains(text, "AAEC") || strings.Count(text, "\n") != 1 {
			t.Errorf("%s: %q, want one line with %q", name, text, c.says)
		}
	}
}
