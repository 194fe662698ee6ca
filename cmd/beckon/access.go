package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
	"github.com/beckon-rtc/beckon/signaling/webhook"
)

// accessPlan is who may come in besides the anonymous, and what those may do.
type accessPlan struct {
	keys, keysURL string // at most one of them
	audience      string
	issuer        string
	webhook       string // not beside keys
	webhookSecret []byte

	strangers strangersPlan
}

// strangersPlan is what anonymous clients may do.
type strangersPlan struct {
	whole    bool // all that Limits give, not half
	relay    bool
	programs bool // also those that send no Origin
}

// accessPlan decides on the flags that together has found no contradiction in.
func (c *serveCmd) accessPlan(publicHost string) (a accessPlan, err error) {
	judged := c.judged() != ""
	a = accessPlan{
		keys: c.Keys, keysURL: c.KeysURL, audience: c.Audience, issuer: c.Issuer, webhook: c.Webhook,
		strangers: strangersPlan{whole: c.Dev, relay: c.Dev || c.AnonymousRelay || !judged, programs: c.Dev || c.AnonymousBots},
	}
	if a.audience == "" {
		a.audience = publicHost
	}
	if a.audience == "" && (a.keys != "" || a.keysURL != "") {
		return a, usagef("--audience is missing: it is the name of this server that tokens must bear (`aud`), so that those for another one "+
			"open nothing here; give it, or --public-url, whose host it is by default, beside %s", c.judged())
	}
	for flag, url := range map[string]string{"--keys-url": a.keysURL, "--webhook": a.webhook} {
		if url == "" {
			continue
		}
		if _, err := token.ParseURL(url); err != nil {
			return a, usagef("%s: %s", flag, tokenText(err))
		}
	}
	a.webhookSecret, err = secret("--webhook-secret", c.WebhookSecret)
	return a, err
}

// judged names the flag by which it is decided who may come in with a token; "" if none does.
func (c *serveCmd) judged() string {
	switch {
	case c.Keys != "":
		return "--keys"
	case c.KeysURL != "":
		return "--keys-url"
	case c.Webhook != "":
		return "--webhook"
	}
	return ""
}

// accessTogether refuses flags about who may come in that contradict each other.
func (c *serveCmd) accessTogether() error {
	switch {
	case c.Dev && len(c.AllowAnonymous) > 0:
		return usagef("--dev lets everybody into every room already: leave out --allow-anonymous, or leave out --dev to open only %s",
			strings.Join(c.AllowAnonymous, " and "))
	case !c.Dev && len(c.AllowAnonymous) == 0 && (c.AnonymousRelay || c.AnonymousBots):
		return usagef("--anonymous-relay and --anonymous-bots say more about whom --allow-anonymous lets in, and that is missing: add it, or leave them out")
	case !c.Dev && len(c.AllowAnonymous) == 0 && c.judged() == "":
		return usagef("nobody could join: have tokens checked with --keys keys.json --audience NAME (`beckon keys new keys.json` makes a key), have your app's " +
			"backend asked with --webhook, say which rooms everybody may join, with --allow-anonymous 'team-*' for example, " +
			"or try things out on this machine with --dev")
	case c.Keys != "" && c.KeysURL != "":
		return usagef("--keys and --keys-url both say where the keys are: leave one of them out")
	case c.Webhook != "" && (c.Keys != "" || c.KeysURL != ""):
		return usagef("--webhook and %s both decide who may come in: leave one of them out", c.judged())
	case c.Webhook != "" && c.WebhookSecret == "":
		return usagef("--webhook-secret is missing: your backend could not tell this server's questions from a stranger's; " +
			"`openssl rand -base64 24` makes one for both")
	case c.Webhook == "" && c.WebhookSecret != "":
		return usagef("--webhook-secret signs questions to --webhook, which is missing: add it, or leave out the secret")
	case c.Issuer != "" && c.Keys == "" && c.KeysURL == "":
		return usagef("--issuer is about tokens that this server checks itself: add --keys or --keys-url, or leave it out")
	case c.Audience != "" && c.judged() == "":
		return usagef("--audience is about tokens, and nothing here looks at those: add --keys, --keys-url or --webhook, or leave it out")
	}
	return nil
}

// access decides who may come in. Its methods may be called by many goroutines at once, but reload by one.
type access struct {
	plan      accessPlan
	anonymous []string
	log       zerolog.Logger
	verifier  *token.Verifier // nil without keys
	file      *token.KeyFile  // nil unless the keys are in a file
	published *token.KeyURL   // nil unless they are at a URL
	hook      *webhook.Client // nil without a webhook
}

// openAccess reads the keys. Close it.
func openAccess(p *plan, log zerolog.Logger) (*access, error) {
	a := &access{plan: p.access, anonymous: p.anonymous, log: log}
	var keys token.Keys
	var err error
	switch {
	case a.plan.keys != "":
		if a.file, err = token.OpenKeyFile(a.plan.keys); err != nil {
			return nil, keyFileError(err)
		}
		log.Info().Str("file", a.plan.keys).Strs("keys", keyIDs(a.file.Set().All())).Str("audience", a.plan.audience).Msg("keys loaded")
		keys = a.file
	case a.plan.keysURL != "":
		if a.published, err = token.NewKeyURL(token.KeyURLConfig{URL: a.plan.keysURL, Logger: log}); err != nil {
			return nil, fmt.Errorf("--keys-url: %s", tokenText(err))
		}
		keys = a.published
	case a.plan.webhook != "":
		a.hook, err = webhook.New(webhook.Config{
			URL: a.plan.webhook, Secrets: [][]byte{a.plan.webhookSecret}, Server: a.plan.audience, Logger: log,
		})
		if err != nil {
			return nil, fmt.Errorf("--webhook: %s", strings.TrimPrefix(err.Error(), "webhook: "))
		}
	}
	if keys != nil {
		a.verifier, err = token.NewVerifier(token.Config{
			Audience: a.plan.audience, Issuers: []token.Issuer{{Name: a.plan.issuer, Keys: keys}},
		})
	}
	return a, err
}

// close ends what is being asked of others. Nobody with a token is let in afterwards.
func (a *access) close() {
	if a.published != nil {
		_ = a.published.Close()
	}
	if a.hook != nil {
		_ = a.hook.Close()
	}
}

// reload reads the key file again. Who is in stays, until the token expires that let it in.
func (a *access) reload() {
	if err := a.file.Reload(); err != nil {
		a.log.Error().Str("file", a.plan.keys).Str("error", tokenText(err)).Msg("keys not loaded again; the old ones stay")
		return
	}
	a.log.Info().Str("file", a.plan.keys).Strs("keys", keyIDs(a.file.Set().All())).Msg("keys loaded again")
}

// authorize is signaling's question. A token that is refused makes nobody anonymous: its holder should hear of it.
func (a *access) authorize(ctx context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
	var got token.Access
	var err error
	switch {
	case req.Token == "" && len(a.anonymous) > 0 || a.verifier == nil && a.hook == nil:
		return a.stranger(req)
	case a.hook != nil:
		got, err = a.hook.Ask(ctx, webhook.Request{Token: req.Token, Address: req.RemoteAddr, Origin: req.Origin, Instance: req.Instance})
	case req.Token == "":
		return signaling.Grant{}, protocol.Errorf(protocol.CodeUnauthorized, "this server lets nobody in without a token")
	default:
		got, err = a.verifier.Verify(ctx, req.Token)
	}
	if err != nil {
		return signaling.Grant{}, forClient(err)
	}
	a.log.Debug().Str("identity", got.Identity).Str("key", got.Key).Str("jti", got.ID).Msg("token accepted")
	return grantOf(got), nil
}

// stranger is what somebody without a token gets. A browser says which page it is that connects; what says nothing of the kind is a
// program, and those that the operator knows can have a token.
func (a *access) stranger(req signaling.AuthRequest) (signaling.Grant, error) {
	may := a.plan.strangers
	if req.Origin == "" && !may.programs {
		unless := ""
		if a.verifier != nil || a.hook != nil { // elsewhere no token helps
			unless = ", unless there is a token"
		}
		return signaling.Grant{}, protocol.Errorf(protocol.CodeUnauthorized,
			"this server lets in browsers only%s; its operator can open it to programs with --anonymous-bots", unless)
	}
	g := signaling.Grant{Rooms: a.anonymous, Half: !may.whole}
	g.Allow = []signaling.Permission{signaling.PermissionSignal, signaling.PermissionMessage, signaling.PermissionAttributes}
	if may.relay {
		g.Allow = append(g.Allow, signaling.PermissionRelay)
	}
	return g, nil
}

// grantOf says in signaling's words what a token, or a webhook, gives. The permissions are always said.
func grantOf(a token.Access) signaling.Grant {
	allow := make([]signaling.Permission, len(a.Grant.Allow))
	for i, p := range a.Grant.Allow {
		allow[i] = signaling.Permission(p)
	}
	return signaling.Grant{
		Identity: a.Identity, Rooms: a.Grant.Rooms, Allow: allow, MaxPeers: a.Grant.MaxPeers, Capacity: a.Grant.Capacity, Expires: a.Ends, TokenID: a.ID,
		Key: a.Bound,
	}
}

// forClient adds to a refusal what its client may hear. That is whether it was let down by the clock, which a fresh token mends; what
// else is wrong with a token is for those who make them, and stands in the log at debug.
func forClient(err error) error {
	refused, ok := errors.AsType[*token.Error](err)
	if !ok || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	text := "the token was refused; the server's log says why at --log-level debug"
	switch refused.Code {
	case token.Expired:
		text = "the token has expired"
	case token.NotYet:
		text = "the token is not good yet"
	}
	return fmt.Errorf("%w: %w", protocol.Errorf(protocol.CodeUnauthorized, "%s", text), err)
}
