package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/internal/testdocs"
	"github.com/beckon-rtc/beckon/peer"
)

const readmeFile = "../../README.md"

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestREADMEConfiguration(t *testing.T) {
	t.Parallel()
	table, err := configTable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := between([]byte(readme(t)), "configuration", []byte(table))
	if err != nil {
		t.Fatal(err)
	}
	if readme(t) != string(want) {
		t.Error("the README's configuration differs from the flags: run `go generate ./cmd/beckon`")
	}
	if !strings.Contains(table, "`BECKON_TURN_RELAY_ADDRESS`") || strings.Contains(table, "--help") {
		t.Errorf("the table is not that of the flags:\n%s", table)
	}
	if _, err := between([]byte("no markers"), "configuration", nil); err == nil {
		t.Error("a README without markers is no error")
	}
}

// The README's Go, which is compiled because it stands here, and does what it says.
func TestREADMEGo(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
	start(t, true, "bot", "echo", s.first, "--log-level", "error")
	server, name, err := peer.ParseURL(s.first)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	example := func(ctx context.Context) error {
		// begin
		room, err := peer.Join(ctx, server, name, nil)
		if err != nil {
			return err
		}
		defer room.Close()
		p, err := room.Accept(ctx) // the next one that is connected
		if err != nil {
			return err
		}
		ch, err := p.Open(ctx, "chat", nil)
		if err != nil {
			return err
		}
		if err := ch.SendText(ctx, "hello from Go"); err != nil {
			return err
		}
		answer, _, err := ch.Recv(ctx)
		// end
		got = answer
		return err
	}
	if err := example(t.Context()); err != nil || string(got) != "hello from Go" {
		t.Errorf("the answer is %q, %v", got, err)
	}

	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	const indent = "\n\t\t"
	_, rest, _ := strings.Cut(string(source), indent+"// begin")
	here, _, _ := strings.Cut(rest, indent+"// end\n")
	there := strings.NewReplacer(`"http://127.0.0.1:8080"`, "server", `"tea"`, "name").Replace(testdocs.Block(t, readmeFile, "go"))
	if strings.ReplaceAll(here, indent, "\n") != "\n"+strings.TrimSuffix(there, "\n") {
		t.Errorf("the README's Go differs from that of this test; there it is\n%s", testdocs.Block(t, readmeFile, "go"))
	}
}

// The README's JavaScript fits the SDK's types. The SDK's own tests say that it works.
func TestREADMEJavaScript(t *testing.T) {
	t.Parallel()
	web, err := filepath.Abs("../../web")
	if err != nil {
		t.Fatal(err)
	}
	compiler := filepath.Join(web, "node_modules/typescript/bin/tsc")
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(compiler); err != nil || missing != nil {
		lacking.Skip(t, "there is no TypeScript to check the README's JavaScript with: install Node, and run `npm ci` in web")
	}
	// The README takes the SDK from a server; the compiler takes the types that this server serves.
	const from = `"http://127.0.0.1:8080/sdk/beckon.js"`
	code := testdocs.Block(t, readmeFile, "js")
	if !strings.Contains(code, from) {
		t.Fatalf("the README's JavaScript does not import %s:\n%s", from, code)
	}
	dir := t.TempDir()
	config, err := json.Marshal(map[string]any{
		"files": []string{"readme.js"},
		"compilerOptions": map[string]any{
			"strict": true, "noEmit": true, "allowJs": true, "checkJs": true, "types": []string{},
			"target": "es2022", "module": "esnext", "moduleResolution": "bundler",
			"lib":   []string{"ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"},
			"paths": map[string]any{"/sdk/beckon.js": []string{filepath.Join(web, "sdk/dist/beckon.d.ts")}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(code string) ([]byte, error) {
		for name, content := range map[string][]byte{
			"readme.js":     []byte(strings.ReplaceAll(code, from, `"/sdk/beckon.js"`)),
			"tsconfig.json": config,
		} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), node, compiler, "-p", dir)
		return cmd.CombinedOutput()
	}
	if out, err := check(code); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	// The check can fail: it knows the types.
	if out, err := check(code + "await room.closs();\n"); err == nil || !bytes.Contains(out, []byte("closs")) {
		t.Errorf("a method that does not exist passes: %v\n%s", err, out)
	}
}
