package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// ownKey makes a key with the program itself, and returns the file and the public half.
func ownKey(t *testing.T) (file, public string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "a", "identity")
	made := runNow(t, nil, "identity", "--file", file)
	if made.code != exitOK || !strings.Contains(made.stderr, file) || strings.Count(made.stdout, "\n") != 1 {
		t.Fatalf("%+v", made)
	}
	return file, strings.TrimSpace(made.stdout)
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	file, public := ownKey(t)
	if _, err := identity.ParsePublicKey(public); err != nil {
		t.Error(err)
	}
	again := runNow(t, nil, "identity", "--file", file)
	if again.code != exitOK || again.stdout != public+"\n" || again.stderr != "" {
		t.Errorf("%+v", again)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := runNow(t, nil, "identity", "--file", file); got.code != exitFailure || !strings.Contains(got.stderr, "others may read "+file) {
		t.Errorf("%+v", got)
	}
}

func TestIdentityIsWhereConfigurationIs(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	config, err := os.UserConfigDir()
	if err != nil || config != home {
		lacking.Skip(t, "the folder for configuration is elsewhere on this system: run it on Linux")
	}
	if got := runNow(t, nil, "identity"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	if _, err := identity.OpenKeyFile(filepath.Join(home, "beckon", "identity")); err != nil {
		t.Error(err)
	}
}

// A token that is bound to a key says so, and an attestation is what package identity takes.
func TestBoundTokensAndAttestations(t *testing.T) {
	t.Parallel()
	var public string
	for !strings.HasPrefix(public, "-") { // one in 64 begins like a flag
		public = identity.NewKey().Public().String()
	}
	for _, alg := range []string{"EdDSA", "ES256"} {
		keys := keyFile(t, "--alg", alg)
		u, err := token.Inspect(minted(t, keys, "--room", "tea", "--bind", public))
		if err != nil {
			t.Fatal(err)
		}
		if c, err := token.ParseClaims(u.Payload); err != nil || c.Key != public {
			t.Errorf("%+v, %v", c, err)
		}
		attested := runNow(t, nil, "token", "attest", "--key-file", keys, "--sub", "ada", "--key", public)
		if attested.code != exitOK || attested.stderr != "" || strings.Count(attested.stdout, "\n") != 1 {
			t.Fatalf("%+v", attested)
		}
		trust, err := identity.Issued([]byte(runNow(t, nil, "keys", "public", keys).stdout))
		if err != nil {
			t.Fatal(err)
		}
		key, err := identity.ParsePublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		claim := identity.Claim{Identity: "ada", Key: key, Attestation: strings.TrimSpace(attested.stdout)}
		if err := trust.Trust(t.Context(), claim); err != nil {
			t.Error(err)
		}
		claim.Identity = "bob"
		if err := trust.Trust(t.Context(), claim); err == nil {
			t.Error("bob has ada's key")
		}
	}
	symmetric := keyFile(t, "--alg", "HS256")
	for args, says := range map[string]string{
		"--key-file " + symmetric + " --sub ada --key " + public:             "use one for EdDSA or ES256",
		"--key-file " + keyFile(t) + " --sub ada --key ada":                  "is not a public key",
		"--key-file " + keyFile(t) + " --sub ada --life=-1s --key " + public: "which is over",
	} {
		got := runNow(t, nil, append([]string{"token", "attest"}, strings.Fields(args)...)...)
		if got.code != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, says) {
			t.Errorf("%s: %+v, want %q", args, got, says)
		}
	}
}

// The room that is printed is for those who have all of its link: who has not connects to nobody there.
func TestTheLinkIsPrivate(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
	file, public := ownKey(t)
	secret := identity.NewSecret().String()
	start(t, true, "bot", "echo", s.first+"#k="+secret, "--log-level", "error", "--identity", file)
	room, p := meet(t, s.first+"#k="+secret)
	if key, ok := p.Key(); !p.Verified() || !ok || key.String() != public || len(p.SafetyNumber()) != 71 {
		t.Errorf("verified %v, %s, %q", p.Verified(), key, p.SafetyNumber())
	}
	checkEcho(t, p, "first")
	if err := room.Close(); err != nil {
		t.Error(err)
	}
	base, name, err := peer.ParseURL(s.first)
	if err != nil {
		t.Fatal(err)
	}
	other, err := peer.Join(t.Context(), base, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	bot := other.Peers()[0]
	<-bot.Context().Done()
	if err := context.Cause(bot.Context()); peer.Code(err) != protocol.CodePeerUnverified {
		t.Error(err)
	}
	if strings.Contains(s.stderr.String(), secret) {
		t.Error("the log has the secret")
	}
}

// A link that was not copied whole opens nothing, and its secret is not said again.
func TestDamagedLinks(t *testing.T) {
	t.Parallel()
	for _, fragment := range []string{"#k=SECRETSECRETSECRET", "#SECRET", "#k=", "#"} {
		got := runNow(t, nil, "bot", "echo", "http://127.0.0.1:1/r/tea"+fragment)
		if got.code != exitUsage || !strings.Contains(got.stderr, "copied whole?") || strings.Contains(got.stderr, "SECRET") {
			t.Errorf("%s: %+v", fragment, got)
		}
	}
}
