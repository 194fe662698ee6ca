package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/token"
)

// keyFile makes a key file with the program itself.
func keyFile(t *testing.T, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if got := runNow(t, nil, append([]string{"keys", "new", path}, args...)...); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	return path
}

// minted makes a token with the program itself.
func minted(t *testing.T, keys string, args ...string) string {
	t.Helper()
	got := runNow(t, nil, append(strings.Fields("token new --sub ada --aud here --key-file "+keys), args...)...)
	if got.code != exitOK || got.stderr != "" || strings.Count(got.stdout, "\n") != 1 {
		t.Fatalf("%+v", got)
	}
	return strings.TrimSpace(got.stdout)
}

// What the program makes, package token accepts, with everything that the flags said.
func TestTokenNew(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"EdDSA", "ES256", "HS256"} {
		keys := keyFile(t, "--alg", alg, "--kid", "k1")
		file, err := token.OpenKeyFile(keys)
		if err != nil {
			t.Fatal(err)
		}
		v, err := token.NewVerifier(token.Config{Audience: "here", Issuers: []token.Issuer{{Name: "me", Keys: file}}})
		if err != nil {
			t.Fatal(err)
		}
		access, err := v.Verify(t.Context(), minted(t, keys, "--iss", "me", "--room", "tea", "--room", "team-*", "--allow", "signal,admin",
			"--max-peers", "3", "--capacity", "8", "--life", "10m"))
		if err != nil {
			t.Fatal(err)
		}
		g := access.Grant
		if access.Identity != "ada" || access.Key != "k1" || strings.Join(g.Rooms, " ") != "tea team-*" || g.MaxPeers != 3 || g.Capacity != 8 ||
			!g.May(token.Admin) || g.May(token.Message) {
			t.Errorf("%s: %+v", alg, access)
		}
	}
	// To be there and to watch.
	keys := keyFile(t)
	file, err := token.OpenKeyFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	v, err := token.NewVerifier(token.Config{Audience: "here", Issuers: []token.Issuer{{Keys: file}}})
	if err != nil {
		t.Fatal(err)
	}
	access, err := v.Verify(t.Context(), minted(t, keys, "--room", "*", "--allow", "none"))
	if err != nil || len(access.Grant.Allow) != 0 {
		t.Errorf("%+v, %v", access, err)
	}
}

// A token that no server would accept is not made, and the sentence says why.
func TestTokenNewRefuses(t *testing.T) {
	t.Parallel()
	keys := keyFile(t, "--kid", "k1")
	public := filepath.Join(t.TempDir(), "public.json")
	if err := os.WriteFile(public, []byte(runNow(t, nil, "keys", "public", keys).stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", exitUsage, "missing flags"},
		{"--sub a --aud b --room tea --key-file " + filepath.Dir(keys) + "/none", exitFailure, "`beckon keys new` makes a key file"},
		{"--sub a --aud b --room tea --key-file token.go", exitFailure, "key file token.go: the key set is not JSON"},
		{"--sub a --aud b --room tea --key-file " + public, exitUsage, "public keys only"},
		{"--sub a --aud b --room tea --kid k2 --key-file " + keys, exitUsage, `no key "k2" in ` + keys + `: it has "k1"`},
		{"--sub a --aud b --room te*a --key-file " + keys, exitUsage, `did it mean "te*"?`},
		{"--sub a --aud b --room tea --allow fly --key-file " + keys, exitUsage, `"fly" is no permission: there are signal,`},
		{"--sub a --aud b --room tea --allow none,signal --key-file " + keys, exitUsage, `"none" is no permission`},
		{"--sub a --aud b --room tea --life 25h --key-file " + keys, exitUsage, "at most 24h0m0s is allowed"},
		{"--sub a --aud b --room tea --life=-1h --key-file " + keys, exitUsage, "expired 1h0m"},
		{"--sub a --aud b --room tea --life 60 --key-file " + keys, exitUsage, "missing unit"},
		{"--sub a --aud b --room tea --bind ada --key-file " + keys, exitUsage, `--bind: "ada" is not a public key`},
		{"--sub a --aud b --room tea --max-peers=-1 --key-file " + keys, exitUsage, "`maxPeers` is no whole number"},
	} {
		got := runNow(t, nil, append([]string{"token", "new"}, strings.Fields(c.args)...)...)
		if got.code != c.code || got.stdout != "" || !strings.Contains(got.stderr, c.says) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s: %+v, want exit code %d and one line with %q", c.args, got, c.code, c.says)
		}
	}
}

// What is shown, and what a server is said to do.
func TestTokenShow(t *testing.T) {
	t.Parallel()
	keys, others := keyFile(t), keyFile(t)
	good := minted(t, keys, "--room", "tea", "--room", "team-*")
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	none := "eyJhbGciOiJub25lIiwia2lkIjoiayJ9." + body + "."
	for _, c := range []struct {
		name, args string
		code       int
		says       string // on stdout if all is well, else on stderr
	}{
		{"no keys", good, exitOK, `A server called "here" would accept it until`},
		{"no keys", good, exitOK, `if the signature is good`},
		{"its keys", good + " --key-file " + keys, exitOK, `as "ada", in tea, team-*, to signal, message, attributes, relay.`},
		{"its keys and room", good + " --room team-1 --key-file " + keys, exitOK, `in team-1, to`},
		{"another room", good + " --room x", exitFailure, `not for the room "x": it opens tea, team-*`},
		{"another server", good + " --aud there", exitFailure, `that server is "there"`},
		{"another server, with keys", good + " --aud there --key-file " + keys, exitFailure, `this server is "there"`},
		{"another issuer", good + " --iss me", exitFailure, `that server trusts "me"`},
		{"other keys", good + " --key-file " + others, exitFailure, "no key here is called"},
		{"no such keys", good + " --key-file /none", exitFailure, "no such file"},
		{"two kinds of keys", good + " --key-file a --key-url b", exitUsage, "leave one of them out"},
		{"a bad URL", good + " --key-url http://id.example.org/", exitFailure, "has no TLS"},
		{"another signature", head + "." + body + "." + strings.Repeat("A", len(signature)) + " --key-file " + keys, exitFailure, "has not signed this token"},
		{"alg none", none, exitFailure, `signed with "none"`},
		{"no token", "hunter2", exitFailure, "this is no join token"},
	} {
		got := runNow(t, nil, append([]string{"token", "show"}, strings.Fields(c.args)...)...)
		where := got.stdout
		if c.code != exitOK {
			where = got.stderr
		}
		if got.code != c.code || !strings.Contains(where, c.says) || strings.Contains(got.stderr, signature) {
			t.Errorf("%s: %+v, want exit code %d and %q", c.name, got, c.code, c.says)
		}
		if c.code != exitUsage && c.name != "no token" && c.name != "alg none" && !strings.Contains(got.stdout, `"sub": "ada"`) {
			t.Errorf("%s: the claims are not shown: %s", c.name, got.stdout)
		}
	}
	if again := runNow(t, nil, "token", "inspect", good); again.code != exitOK || !strings.Contains(again.stdout, `"sub": "ada"`) {
		t.Errorf("by its other name: %+v", again)
	}
}

// From stdin, where no list of processes shows the token.
func TestTokenShowStdin(t *testing.T) {
	t.Parallel()
	good := minted(t, keyFile(t), "--room", "tea")
	var stdout bytes.Buffer
	command, _, err := parse([]string{"token", "show", "-"}, &stdout, &stdout, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := command(t.Context(), &process{strings.NewReader(good + "\n"), &stdout, &stdout, nil}); err != nil || !strings.Contains(stdout.String(), `"ada"`) {
		t.Errorf("%v, %s", err, &stdout)
	}
}

// With published keys: a real request, on loopback.
func TestTokenShowURL(t *testing.T) {
	t.Parallel()
	keys := keyFile(t)
	good := minted(t, keys, "--room", "tea")
	public := runNow(t, nil, "keys", "public", keys).stdout
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(public)) }))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"token", "show", good, "--key-url", server.URL}, &stdout, &stderr, nil); code != exitOK ||
		strings.Contains(stdout.String(), "if the signature") {
		t.Errorf("exit code %d: %s%s", code, &stdout, &stderr)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	mode := func() {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v: others can read the keys", info.Mode())
		}
	}
	first := runNow(t, nil, "token", "key", path, "--kid", "old", "--public")
	if first.code != exitOK || !strings.Contains(first.stdout, `"kid": "old"`) || strings.Contains(first.stdout, `"d"`) {
		t.Fatalf("%+v", first)
	}
	mode()
	if again := runNow(t, nil, "keys", "new", path); again.code != exitUsage || !strings.Contains(again.stderr, "--add adds a key") {
		t.Errorf("over a file that exists: %+v", again)
	}
	if twice := runNow(t, nil, "keys", "new", path, "--add", "--kid", "old"); twice.code != exitUsage || !strings.Contains(twice.stderr, "choose another --kid") {
		t.Errorf("a name that is taken: %+v", twice)
	}
	if got := runNow(t, nil, "keys", "new", path, "--add", "--alg", "HS256"); got.code != exitOK || got.stdout != "" {
		t.Errorf("%+v", got)
	}
	mode()
	file, err := token.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := file.Set().All()
	if len(all) != 2 || all[0].ID() != "old" || all[1].Alg() != token.HS256 {
		t.Errorf("%v", all)
	}
	// The newest signs.
	seen, err := token.Inspect(minted(t, path, "--room", "tea"))
	if err != nil || seen.KeyID != all[1].ID() {
		t.Errorf("signed by %s, %v", seen.KeyID, err)
	}
	public := runNow(t, nil, "keys", "public", path)
	if public.stdout != first.stdout {
		t.Errorf("the public half: %+v", public)
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for args, says := range map[string]string{
		"keys public " + keyFile(t, "--alg", "HS256"):              "have no public half",
		"keys public /none":                                        "`beckon keys new` makes",
		"keys new --add /none":                                     "leave out --add",
		"keys new " + t.TempDir() + "/a --alg RS256":               "EdDSA",
		"keys new " + filepath.Join(t.TempDir(), "no", "k.json"):   "cannot write the keys",
		"keys new " + t.TempDir() + "/a --kid k\u202e":             "--kid: ",
		"keys new " + t.TempDir() + "/a --kid " + veryLong("k"):    "longer than 128 bytes",
		"token new --kid old --sub a --aud b --room tea --kid old": "--key-file",
	} {
		if got := runNow(t, nil, strings.Fields(args)...); got.code == exitOK || !strings.Contains(got.stderr, says) {
			t.Errorf("%s: %+v, want %q", args, got, says)
		}
	}
}

func veryLong(s string) string { return strings.Repeat(s, 200) }
