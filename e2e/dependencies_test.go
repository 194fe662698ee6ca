package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestDependenciesHaveReasons holds CONTRIBUTING.md to go.mod: each direct dependency stands there with its reason, and none
// is replaced.
func TestDependenciesHaveReasons(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "mod", "edit", "-json", "../go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []any
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace) > 0 {
		t.Errorf("go.mod replaces %v: then `go install` of a version does not work", mod.Replace)
	}
	doc, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if !r.Indirect && !strings.Contains(string(doc), "`"+r.Path+"`") {
			t.Errorf("CONTRIBUTING.md does not say what %s is for", r.Path)
		}
	}
}
