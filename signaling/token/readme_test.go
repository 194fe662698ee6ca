package token

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/internal/testdocs"
)

// The README's programs make tokens that a Verifier accepts.
func TestREADME(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language, program, file string
		alg                     Alg
		call                    string
	}{
		{"js", "node", "token.mjs", EdDSA, `console.log(joinToken("ada", ["team-*"]));`},
		{"python", "python3", "token.py", HS256, `print(join_token("ada", ["team-*"]))`},
	} {
		t.Run(c.language, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(c.program)
			if err != nil {
				missing := "there is no " + c.program + " on PATH to run the README with: install it"
				if c.program == "node" {
					lacking.Skip(t, missing)
				}
				t.Skip(missing) // nothing else needs Python
			}
			key, err := NewKey(c.alg, "k")
			if err != nil {
				t.Fatal(err)
			}
			set, err := NewKeySet(key)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for name, content := range map[string][]byte{
				"keys.json": set.Private(), c.file: []byte(testdocs.Block(t, "README.md", c.language) + "\n" + c.call + "\n"),
			} {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), program, c.file)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			// Its clock is the real one.
			v, err := NewVerifier(Config{Audience: "beckon.example.org", Issuers: []Issuer{{Keys: set}}})
			if err != nil {
				t.Fatal(err)
			}
			access, err := v.Verify(t.Context(), strings.TrimSpace(string(out)))
			if err != nil || access.Identity != "ada" || !access.Grant.Covers("team-7") {
				t.Errorf("%+v, %v, of %s", access, err, out)
			}
		})
	}
}
