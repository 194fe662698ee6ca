package main

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
)

// botCmd groups the bots.
type botCmd struct {
	Echo echoCmd `cmd:"" help:"Send every message back on the channel that it came from."`
	Game gameCmd `cmd:"" help:"Play the game of the demo's page."`
}

// botFlags are those of every bot.
type botFlags struct {
	URL       string `arg:"" name:"url" help:"The room, as the server prints it: http://HOST:PORT/r/ROOM, and the secret behind a # if there is one."`
	Token     string `group:"run" placeholder:"TOKEN" help:"Shown to the server, if that wants one."`
	Identity  string `group:"run" placeholder:"FILE" defaults:"none, or with a secret in the link one for this time" help:"The bot's own key, as beckon identity makes it. With one, and with a secret in the link, whoever proves nothing is not connected."`
	RelayOnly bool   `group:"run" help:"Connect through the relay only, never directly."`
	logFlags
}

// botAttributes are what the others see of a bot.
type botAttributes struct {
	Name string `json:"name"`
	Bot  bool   `json:"bot"`
}

// stay joins the room and does what the bot is for until ctx or the room ends. That the session ends otherwise than by ctx is an error.
func (c *botFlags) stay(ctx context.Context, p *process, name string, bot func(context.Context, *peer.Room, zerolog.Logger) error) error {
	link, err := peer.ParseLink(c.URL)
	if err != nil {
		return usagef("%s", notARoom(c.URL, err, exampleRoom))
	}
	own, err := openIdentity(c.Identity)
	if err != nil {
		return err
	}
	cfg := &peer.Config{
		Token:      c.Token,
		Secret:     link.Secret,
		Identity:   own,
		Attributes: botAttributes{name, true},
		Logger:     c.logger(p.stderr),
	}
	if c.RelayOnly {
		cfg.ICETransportPolicy = peer.ICETransportRelay
	}
	where := withoutSecret(c.URL)
	r, err := peer.Join(ctx, link.Server, link.Room, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("cannot join %s: %s", where, whyNot(where, err))
	}
	fmt.Fprintf(p.stderr, "joined %s\n", r.ID())
	err = bot(ctx, r, cfg.Logger)
	closeErr := r.Close()
	if ctx.Err() != nil {
		return closeErr
	}
	return fmt.Errorf("the session in %s ended: %s", where, sentence(err))
}
