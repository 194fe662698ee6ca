package simulation

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mutations break one rule of the delivery each. A simulation that did not see it would prove nothing about the rule.
var mutations = []struct {
	name     string
	file     string // from the module's root
	old, new string
	sees     string // the count that must not be 0
}{
	{
		name: "no retransmission", sees: "lost",
		file: "signaling/protocol/delivery/link.go",
		old:  "\tl.next = 0\n",
		new:  "\tl.next = l.sent + 1\n",
	},
	{
		name: "no dedupe", sees: "duplicated",
		file: "signaling/protocol/delivery/inbound.go",
		old:  "\t\tin.due = true\n\t\treturn false\n",
		new:  "\t\tin.due = true\n\t\treturn true\n",
	},
	{
		name: "no retransmission to the room", sees: "lost",
		file: "signaling/protocol/delivery/speech.go",
		old:  "s.up, s.before, s.next = true, 0, 0\n",
		new:  "s.up, s.before = true, 0\n",
	},
	{
		name: "no dedupe in the room", sees: "duplicated",
		file: "signaling/protocol/delivery/receive.go",
		old:  "\tif e.N <= l.heard {\n",
		new:  "\tif false {\n",
	},
}

func TestMutations(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			binary := mutate(t, root, m.file, m.old, m.new)
			cmd := exec.Command(binary, "-test.run", "^TestSeeds$", "-simulation.seeds", "2")
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("the mutant passes:\n%s", out)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			last := lines[len(lines)-1]
			t.Log(last)
			if n, err := count(last, m.sees); err != nil || n == 0 {
				t.Errorf("%s, where %s should not be 0 (%v):\n%s", last, m.sees, err, out)
			}
		})
	}
}

// mutate builds this package's tests with one text of one file replaced by another, and returns the binary. The checkout stays as it is.
func mutate(t *testing.T, root, file, old, new string) (binary string) {
	t.Helper()
	file = filepath.Join(root, filepath.FromSlash(file))
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), old); n != 1 {
		t.Fatalf("%s has %q %d times, not once: the mutation must follow the code", file, old, n)
	}
	dir := t.TempDir()
	mutant, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(mutant, []byte(strings.Replace(string(source), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "mutant.test")
	build := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build.Args, err, out)
	}
	return binary
}

// count reads a number out of a summary.
func count(summary, what string) (int, error) {
	found := regexp.MustCompile(what + ` (\d+)`).FindStringSubmatch(summary)
	if found == nil {
		return 0, fmt.Errorf("it does not say how many are %s", what)
	}
	return strconv.Atoi(found[1])
}
