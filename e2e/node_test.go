//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
)

// modules is where npm has put what the SDK's tests take from others.
const modules = "../web/node_modules"

// needModules skips or fails unless Node is there and the packages of these names are installed.
func needModules(t testing.TB, packages ...string) (node string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		lacking.Skip(t, "there is no node on PATH: install it, on Debian with `apt-get install nodejs npm` as root")
	}
	for _, name := range packages {
		if _, err := os.Stat(filepath.Join(modules, name)); err != nil {
			lacking.Skip(t, "there is no "+name+" in web/node_modules: `bash scripts/web.sh check` gets it")
		}
	}
	return node
}

// runNode runs a script of testdata in Node, with params, and reads what it prints at the end: one line of JSON. It ends with the test.
func runNode(t testing.TB, node, script string, params, data any) {
	t.Helper()
	given, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out bytes.Buffer
	p, err := process.Start(ctx, process.Config{Path: node, Args: []string{"testdata/" + script, string(given)}, Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Err(); err != nil {
		t.Fatalf("%s: %v\nstdout: %s\nstderr ends with: %s", script, err, &out, p.Stderr())
	}
	if err := json.Unmarshal(out.Bytes(), data); err != nil {
		t.Fatalf("%s printed %q: %v", script, &out, err)
	}
}

// The SDK runs in Node as it is, with somebody's WebRTC for globals: one in TypeScript, and one around a library in C++. The other
// side is the echo bot.
func TestNode(t *testing.T) {
	t.Parallel()
	for _, implementation := range []string{"werift", "node-datachannel"} {
		t.Run(implementation, func(t *testing.T) {
			t.Parallel()
			node := needModules(t, implementation)
			s := serve(t, "127.0.0.1")
			link := peer.Link{Server: s.Base, Room: s.Name, Secret: identity.NewSecret()}
			startProgram(t, "bot", "echo", link.String())
			var got struct {
				Carrier  string
				Verified bool
				Echoed   []string
				Bytes    int
			}
			runNode(t, node, "node.mjs", map[string]any{"server": s.Base, "room": s.Name, "secret": link.Secret.String(), "webrtc": implementation}, &got)
			if len(got.Echoed) != 2 || got.Echoed[0] != "hello" || got.Echoed[1] != "grüße" || got.Bytes != 50_000 {
				t.Errorf("the bot sent back %q and %d bytes", got.Echoed, got.Bytes)
			}
			if !got.Verified {
				t.Error("the bot is not verified")
			}
			if got.Carrier != "websocket" && got.Carrier != "stream" {
				t.Errorf("joined on %q", got.Carrier)
			}
		})
	}
}
