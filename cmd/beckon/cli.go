package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/beckon-rtc/beckon/peer/identity"
)

// cli is the command line: one field per sub-command.
type cli struct {
	Serve        serveCmd        `cmd:"" help:"Run the server: signaling, STUN and TURN, and the demo."`
	Turn         turnCmd         `cmd:"" help:"Run the relay alone, for clients that find each other by other means."`
	Send         sendCmd         `cmd:"" help:"Send files and folders to whoever has the link that it prints."`
	Receive      receiveCmd      `cmd:"" help:"Receive what is sent at a link."`
	Pipe         pipeCmd         `cmd:"" help:"Connect stdin and stdout with those of another machine."`
	Bot          botCmd          `cmd:"" help:"Join a room as a bot."`
	Keys         keysCmd         `cmd:"" help:"Make the keys that sign join tokens."`
	Token        tokenCmd        `cmd:"" help:"Make and look at join tokens."`
	Identity     identityCmd     `cmd:"" help:"Print your own public key, by which others know your programs."`
	Health       healthCmd       `cmd:"" help:"Ask a server on this machine whether it is in service."`
	Version      versionCmd      `cmd:"" help:"Print the version, and what this program was built from."`
	ConfigTable  configTableCmd  `cmd:"" hidden:"" help:"Print the README's table of flags."`
	MetricsTable metricsTableCmd `cmd:"" hidden:"" help:"Print the deployment guide's table of metrics."`
}

const description = `Beckon is the self-hosted backend for peer-to-peer apps: signaling, a STUN and TURN relay and a demo in one program.

Try it with "beckon serve --dev" and open the URL that it prints in two tabs.`

// exampleRoom is a room's URL as one looks, for help and hints.
const exampleRoom = "http://127.0.0.1:8080/r/quiet-fox-4821"

// exampleLink is a link with its secret, which send and pipe print.
const exampleLink = "'https://beckon.example.org/r/k3vq2mzx7w5abcde#k=oYh3TtFGWrnSN2bPuJhC6A'"

// parse reads the command line. The command it returns is what the command line asks for; done tells that there is
// nothing left to do because it asked for help.
func parse(args []string, stdout, stderr io.Writer, env []string) (command func(context.Context, *process) error, done bool, err error) {
	parser, err := newParser(stdout, stderr, env, func() { done = true })
	if err != nil {
		return nil, false, err
	}
	kctx, err := parser.Parse(asMeant(args))
	switch {
	case done:
		return nil, true, nil
	case err != nil:
		text := strings.ReplaceAll(err.Error(), `"<url>"`, "a room's URL, like "+exampleRoom)
		return nil, false, &usageError{text + hintOf(args)}
	}
	return func(ctx context.Context, p *process) error {
		kctx.BindTo(ctx, (*context.Context)(nil))
		return kctx.Run(p)
	}, false, nil
}

// asMeant knows what people try who know other programs.
func asMeant(args []string) []string {
	switch {
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	case len(args) > 0 && args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case len(args) > 1 && args[0] == "token" && args[1] == "key":
		return append([]string{"keys", "new"}, args[2:]...)
	}
	return joined(args)
}

// joined writes a public key in one word with its flag: one in sixty-four begins with a hyphen, and would be taken for a flag itself.
func joined(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		flag := args[i] == "--bind" || args[i] == "--key"
		if flag && i+1 < len(args) && isPublicKey(args[i+1]) {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

func isPublicKey(text string) bool {
	_, err := identity.ParsePublicKey(text)
	return err == nil
}

// newParser makes the parser. Kong prints help while it parses and then wants to exit, which is helped's to note.
func newParser(stdout, stderr io.Writer, env []string, helped func()) (*kong.Kong, error) {
	return kong.New(&cli{},
		kong.Name("beckon"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped() }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ValueFormatter(helpText),
		kong.Resolvers(environment(env)),
		kong.ExplicitGroups([]kong.Group{
			{Key: "try", Title: "To try it:"},
			{Key: "turn", Title: "STUN and TURN:"},
			{Key: "http", Title: "The port, and who is before it:"},
			{Key: "tls", Title: "TLS:"},
			{Key: "access", Title: "Who may come in:"},
			{Key: "relay", Title: "What is relayed:"},
			{Key: "key", Title: "The key:"},
			{Key: "claims", Title: "The claims:"},
			{Key: "grant", Title: "What it allows:"},
			{Key: "run", Title: "Running:"},
		}),
	)
}

// hintOf names the help page of the sub-command that was meant.
func hintOf(args []string) string {
	page := "beckon"
	for _, a := range args {
		if !slices.Contains([]string{"serve", "turn", "send", "receive", "pipe", "bot", "echo", "game", "keys", "public", "token", "new", "show", "attest", "identity", "health", "version"}, a) {
			break
		}
		page += " " + a
	}
	return " (see `" + page + " --help`)"
}

// prefix is that of all our environment variables. Those of the project's own tests have another one, BECKONTEST_.
const prefix = "BECKON_"

// variable is the name of a flag's environment variable. Every flag has one, by this rule, so none is written down.
func variable(flag *kong.Flag) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
}

// environment resolves flags that are not on the command line. Kong's own `env` tags read the process's environment,
// which a test could not hand in. An empty variable is no value: that is what a compose file makes of an unset one.
func environment(env []string) kong.Resolver {
	values := make(map[string]string, len(env))
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok && value != "" {
			values[name] = value
		}
	}
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if value, ok := values[variable(flag)]; ok && configurable(flag) {
			return value, nil
		}
		return nil, nil
	})
}

// configurable tells flags that say how to run from --help, and from those of hidden commands.
func configurable(flag *kong.Flag) bool {
	return flag.Name != "help" && !flag.Hidden
}

// helpText is a flag's sentence with its default and its variable. Defaults that depend on other flags cannot be kong's:
// they are said in the tag `defaults`, and decided in plan.
func helpText(v *kong.Value) string {
	text := v.Help
	if v.Flag == nil || !configurable(v.Flag) {
		return text
	}
	if d := defaultOf(v); d != "" {
		text += " Default: " + d + "."
	}
	return text + " ($" + variable(v.Flag) + ")"
}

func defaultOf(v *kong.Value) string {
	if v.HasDefault {
		return v.Default
	}
	return v.Tag.Get("defaults")
}
