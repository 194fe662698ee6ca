//go:build unix

package e2e

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// oneMode are the tests that may use the relay in one mode, and why.
var oneMode = map[string]string{
	"TestOnePortIsNotHeldUp":      "it is about the door, which is the same in both modes",
	"TestRelayScopeLetsPairsMeet": "the server takes --relay-scope with --relay-ports alone: other relays reach nothing but relays",
}

// TestBothModes: who writes a test of the relay writes it for the default, and that says nothing of the other mode.
func TestBothModes(t *testing.T) {
	t.Parallel()
	sources := make(map[string]string)
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("testdata/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Concat(files, scripts) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources[filepath.Base(path)] = string(text)
	}
	found, err := inOneMode(sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if oneMode[name] == "" {
			t.Errorf("%s uses the relay in one mode: have it run in each of relayModes, with bothModes if it waits much of its time", name)
		}
	}
	for name := range oneMode {
		if !slices.Contains(found, name) {
			t.Errorf("%s may use the relay in one mode, and does not, or is no test", name)
		}
	}
}

// inOneMode returns the tests in the sources, by the names of their files, that ask for relays or build labs, and do not come to
// relayModes. What a test has functions do, and scripts, it does itself. Methods are not followed: their names are not theirs alone.
func inOneMode(sources map[string]string) ([]string, error) {
	names := make(map[string]map[string]bool) // in each function
	for file, text := range sources {
		if !strings.HasSuffix(file, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = namesIn(f, sources)
			}
		}
	}
	var found []string
	for name := range names {
		reached := map[string]bool{name: true}
		for next := []string{name}; len(next) > 0; next = next[1:] {
			for n := range names[next[0]] {
				if !reached[n] {
					reached[n], next = true, append(next, n)
				}
			}
		}
		// The policy's name in Go and in JavaScript, its value in Go, and who builds a lab.
		relays := reached["ICETransportPolicy"] || reached["iceTransportPolicy"] || reached["ICETransportRelay"] || reached["newTown"]
		if strings.HasPrefix(name, "Test") && relays && !reached["relayModes"] {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found, nil
}

// namesIn are the names in the function, and its strings, and what of interest is in scripts that these name.
func namesIn(f *ast.FuncDecl, sources map[string]string) map[string]bool {
	names := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			names[n.Name] = true
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil {
				names[text] = true
				if strings.Contains(sources[text], "iceTransportPolicy") {
					names["iceTransportPolicy"] = true
				}
			}
		}
		return true
	})
	return names
}

func TestBothModesCanFail(t *testing.T) {
	t.Parallel()
	sources := map[string]string{"relays.js": `join({ iceTransportPolicy: "relay" })`, "direct.js": `join()`}
	want := make(map[string]bool)
	var tests strings.Builder
	for i, c := range []struct {
		body string
		one  bool
	}{
		{`joinAs(peer.Config{ICETransportPolicy: all})`, true},
		{`joinAs(peer.ICETransportRelay)`, true},
		{`ask(map[string]any{"iceTransportPolicy": "relay"})`, true},
		{`s.open(t, "relays.js")`, true},
		{`s.open(t, "direct.js")`, false},
		{`helper()`, true},
		{`bothModes(helper)`, false},
		{`for range relayModes() { newTown(t) }`, false},
		{`newTown(t)`, true},
		{`serve(t)`, false},
	} {
		name := fmt.Sprintf("Test%d", i)
		fmt.Fprintf(&tests, "func %s(t *testing.T) { %s }\n", name, c.body)
		if c.one {
			want[name] = true
		}
	}
	sources["some_test.go"] = "package e2e\n" + tests.String() + "func helper() { another() }\nfunc another() { newTown(t) }\nfunc bothModes() { relayModes() }\n"
	got, err := inOneMode(sources)
	if err != nil || !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("%v, %v; want %v in\n%s", got, err, slices.Sorted(maps.Keys(want)), &tests)
	}
}
