package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/files"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// partyFlags are those of the commands that meet another person's program: send, receive and pipe.
type partyFlags struct {
	Name      string `group:"run" placeholder:"NAME" defaults:"that of the command" help:"What the others see."`
	Token     string `group:"run" placeholder:"TOKEN" help:"Shown to the server, if that wants one."`
	Identity  string `group:"run" placeholder:"FILE" defaults:"one for this time" help:"This side's own key, as beckon identity makes it, for a token that is bound to one."`
	RelayOnly bool   `group:"run" help:"Connect through the relay only, never directly."`
	Quiet     bool   `group:"run" short:"q" help:"Say nothing but what goes wrong."`
	LogLevel  string `group:"run" placeholder:"LEVEL" default:"warn" enum:"trace,debug,info,warn,error" help:"Least level of what is logged: trace, debug, info, warn or error."`
}

// serverFlags are those of the commands that make a link.
type serverFlags struct {
	Server string `group:"run" placeholder:"URL" defaults:"http://127.0.0.1:8080" help:"The server at which to meet."`
	Room   string `group:"run" placeholder:"NAME" defaults:"one that nobody knows" help:"The room to meet in, where the server opens some only. It need not be empty: the link has a secret."`
	QR     bool   `group:"run" name:"qr" help:"Draw the link as a QR code, also when stderr is no terminal."`
}

// localServer is where a server is that was started to try things out.
const localServer = "http://127.0.0.1:8080"

// newLink is a room that nobody knows, or the one that was asked for, with a secret.
func (f *serverFlags) newLink() (peer.Link, error) {
	server := f.Server
	if server == "" {
		server = localServer
	}
	link := peer.Link{Server: strings.TrimRight(server, "/"), Room: cmp.Or(f.Room, strings.ToLower(rand.Text()[:16])), Secret: identity.NewSecret()}
	if !protocol.ValidRoom(link.Room) {
		return link, usagef("--room %q is no room's name: up to %d letters, digits and . _ ~ -, the first a letter or digit", f.Room, protocol.MaxName)
	}
	if _, err := peer.ParseLink(link.String()); err != nil || strings.Contains(server, "/r/") {
		return link, usagef("--server %q is no server's URL: that looks like https://beckon.example.org (see --link for a link)", server)
	}
	return link, nil
}

// givenLink is a link that was made before, which names a room already.
func (f *serverFlags) givenLink(text string) (peer.Link, error) {
	link, err := peer.ParseLink(text)
	switch {
	case err != nil:
		return link, usagef("%s", notARoom(text, err, exampleLink))
	case f.Room != "":
		return link, usagef("the link says which room: leave out --room %s, or the link", f.Room)
	}
	return link, nil
}

// show prints a link as a QR code, where that can be seen and is of use: no telephone gets to this machine's loopback.
func (f *serverFlags) show(d *display, link peer.Link) {
	alone := isLoopback(link.Server)
	if alone {
		d.say("this link leads to %s, which is this machine itself: nobody else gets there. For others, have the server listen to them,\n\n"+
			"    beckon serve --dev --listen :8080\n\nand name it with --server http://ADDRESS:8080, or one that has a name, with --server https://NAME: browsers elsewhere want https", link.Server)
	}
	if f.QR || d.terminal && !d.quiet && !alone {
		d.print(qrText(link.String(), d.width(), f.QR))
	}
}

// isLoopback tells servers that only programs of this machine reach.
func isLoopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
}

// party is a room that a command is in.
type party struct {
	*peer.Room
	// strangers has why the first peer was refused that may be whom this side waits for, and has another link.
	strangers <-chan error
	stop      context.CancelFunc
	done      chan struct{} // closed when the events are not read any more
}

// meetAt joins the room of a link.
func (f *partyFlags) meetAt(ctx context.Context, d *display, link peer.Link, does string) (*party, error) {
	name := cmp.Or(f.Name, "beckon "+does)
	own, err := openIdentity(f.Identity)
	if err != nil {
		return nil, err
	}
	cfg := &peer.Config{
		Identity: own, Token: f.Token, Secret: link.Secret, Attributes: map[string]string{"name": name, "does": does},
		Logger: f.logger(d),
	}
	if f.RelayOnly {
		cfg.ICETransportPolicy = peer.ICETransportRelay
	}
	room, err := peer.Join(ctx, link.Server, link.Room, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		text := fmt.Sprintf("cannot meet anybody at %s: %s", link.Server, whyNot(link.Server, err))
		switch {
		case peer.Code(err) == protocol.CodeForbidden && f.Token == "": // a token's fault is another: its sentence says all
			text += " (the server opens some rooms only: `beckon send` and `beckon pipe` meet in one of them with --room NAME, or in any other with a --token for it)"
		case link.Server == localServer && peer.Code(err) == protocol.CodeConnectFailed:
			text += " (`beckon serve --dev` starts one; --server names another)"
		}
		return nil, fmt.Errorf("%s", text)
	}
	if link.Secret.IsZero() { // which may have been lost on the link's way
		d.say("this link has no secret behind a #: anybody may be in the room, and a dishonest server could be between you")
	}
	ctx, cancel := context.WithCancel(ctx)
	strangers := make(chan error, 1)
	p := &party{Room: room, strangers: strangers, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		narrate(ctx, room, d, !link.Secret.IsZero(), func(stranger *peer.Peer, why error) {
			// Another one who has come for the same as this side says nothing of the link of whom both wait for.
			if saidBy(stranger).Does != does && !anyVerified(room.Peers()) {
				select {
				case strangers <- why:
				default: // one is enough
				}
			}
		})
	}()
	return p, nil
}

// logger is silent about what narrate says better.
func (f *partyFlags) logger(d *display) zerolog.Logger {
	log := logFlags{f.LogLevel, "console"}.logger(d)
	if f.LogLevel != "warn" {
		return log
	}
	return log.Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, message string) {
		if message == "peer not verified" {
			e.Discard()
		}
	}))
}

func anyVerified(peers []*peer.Peer) bool { return slices.ContainsFunc(peers, (*peer.Peer).Verified) }

// leave ends it, and delivers what was said.
func (p *party) leave() error {
	p.stop()
	err := p.Close()
	<-p.done
	return err
}

// narrate says what a person should know of a room, until ctx or the room ends. secret tells whether the link has one; strangers is told who
// was refused for having another.
func narrate(ctx context.Context, room events, d *display, secret bool, strangers func(*peer.Peer, error)) {
	for {
		e, err := room.Recv(ctx)
		switch {
		case err != nil:
			return
		case e.Kind == peer.EventUnverified && !secret:
			strangers(e.Peer, errors.New("this link lacks its secret, and "+nameOf(e.Peer)+" connects only to who has it: was it copied whole, with what is behind the #, and in quotes?"))
			d.say("%s connects only to who has the secret of the link, which this link lacks", nameOf(e.Peer))
		case e.Kind == peer.EventUnverified:
			strangers(e.Peer, errors.New(nameOf(e.Peer)+" has another link than you: was yours copied whole, with all that is behind the #, and in quotes? If it was, ask for it again"))
			d.say("%s is here with another link than this one, and was kept out", nameOf(e.Peer))
		case e.Kind == peer.EventLimit:
			d.say("the relay has reached a limit: %s", sentence(e.Err))
		case e.Kind == peer.EventState && e.State == peer.RoomReconnecting:
			d.say("the connection to the server is lost; what is connected goes on")
		}
	}
}

// nameOf is what another peer calls itself, as text that does no harm.
func nameOf(p *peer.Peer) string {
	if name := strings.TrimSpace(saidBy(p).Name); name != "" {
		return plain(name, 40)
	}
	return nickname(p.ID())
}

// said is what a peer tells of itself; what makes no sense is not said.
type said struct {
	Name string `json:"name"`
	Does string `json:"does"` // send, receive or pipe
}

func saidBy(p *peer.Peer) (s said) {
	if json.Unmarshal(p.Attributes(), &s) != nil {
		return said{}
	}
	return s
}

// plain is a text of another machine in one line of at most so many characters, and without those that move the cursor or turn the text
// around: "exe.pdf" is not what "fdp.exe" looks like.
func plain(text string, most int) string {
	clean := []rune(strings.Map(func(c rune) rune {
		if unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || c == unicode.ReplacementChar {
			return '_'
		}
		return c
	}, text))
	if len(clean) > most {
		return string(clean[:most-1]) + "…"
	}
	return string(clean)
}

// lost tells errors after which a connection may come back, or another one.
func lost(err error) bool {
	switch peer.Code(err) {
	case protocol.CodeConnectionLost, protocol.CodeConnectFailed, protocol.CodeClosed, protocol.CodeAborted, protocol.CodeTimeout:
		return true
	}
	return false
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB", "PB"} {
		if value /= 1000; value < 999.95 || unit == "PB" {
			return fmt.Sprintf("%.1f %s", value, unit)
		}
	}
	return ""
}

// filesText is a number of files.
func filesText(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// contentsText is what an offer has: empty folders are no files.
func contentsText(o *files.Offer) string {
	n := o.Files()
	switch folders := len(o.Entries) - n; {
	case folders == 0:
		return filesText(n)
	case n == 0 && folders == 1:
		return "1 folder"
	case n == 0:
		return fmt.Sprintf("%d folders", folders)
	case folders == 1:
		return filesText(n) + " and 1 empty folder"
	default:
		return fmt.Sprintf("%s and %d empty folders", filesText(n), folders)
	}
}

// clock is a time that is left, as 1:02 or 1:02:03.
func clock(left time.Duration) string {
	s := int(left.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// shellQuoted is an argument as a shell takes it.
func shellQuoted(arg string) string {
	plainly := func(c rune) bool {
		return unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("-_./:,@%+=", c)
	}
	if arg != "" && strings.TrimLeftFunc(arg, plainly) == "" {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
