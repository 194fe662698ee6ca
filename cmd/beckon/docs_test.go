package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

const deployFile = "../../docs/deploy.md"

func fileText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the documentation tells people to type exists: flags, variables and metrics.
func TestDocsNameWhatExists(t *testing.T) {
	t.Parallel()
	parser, err := newParser(io.Discard, io.Discard, nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	flags, variables := map[string]bool{}, map[string]bool{}
	for _, node := range parser.Model.Leaves(false) {
		for _, flag := range node.Flags {
			flags["--"+flag.Name], variables[variable(flag)] = true, configurable(flag)
		}
	}
	// Those of other programs.
	for _, foreign := range []string{"--help", "--now", "--mount", "--replace", "--bind", "--type", "--from"} {
		flags[foreign] = true
	}
	flag, variable, metric := regexp.MustCompile(`--[a-z][a-z-]*[a-z]`), regexp.MustCompile(`BECKON_[A-Z_]+[A-Z]`), regexp.MustCompile(`beckon_[a-z_]+[a-z]`)
	table := metricsTable()
	for _, path := range []string{
		"../../README.md", deployFile, "../../docs/beckon.service", "../../docker-compose.yml", "../../CHANGELOG.md", "../../CONTRIBUTING.md", "Dockerfile",
	} {
		text := regexp.MustCompile(`<!--.*?-->`).ReplaceAllString(fileText(t, path), "")
		if path != "Dockerfile" { // whose instructions have flags of their own
			for _, name := range flag.FindAllString(text, -1) {
				if !flags[name] {
					t.Errorf("%s: there is no flag %s", path, name)
				}
			}
		}
		for _, name := range variable.FindAllString(text, -1) {
			if !variables[name] {
				t.Errorf("%s: there is no variable %s", path, name)
			}
		}
		for _, name := range metric.FindAllString(text, -1) {
			if !strings.Contains(table, "`"+name+"`") {
				t.Errorf("%s: there is no metric %s", path, name)
			}
		}
	}
}

// The guide's table of metrics is generated.
func TestDeployMetrics(t *testing.T) {
	t.Parallel()
	text := fileText(t, deployFile)
	want, err := between([]byte(text), "metrics", []byte(metricsTable()))
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Error("the guide's metrics differ from those of the program: run `go generate ./cmd/beckon`")
	}
}

// From nothing to a public server in five commands, of which each is a line.
func TestFiveCommands(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(fileText(t, deployFile), "```sh\n")
	commands, _, _ := strings.Cut(rest, "```")
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	if len(lines) != 5 {
		t.Errorf("the first block has %d lines:\n%s", len(lines), commands)
	}
	for _, line := range lines {
		if strings.Contains(line, "beckon.service") && !slices.Contains(strings.Fields(line), "docs/beckon.service") {
			t.Errorf("%s: the unit is docs/beckon.service", line)
		}
	}
	// What they make of /etc/beckon.env is a command line that makes sense.
	var env []string
	for _, line := range strings.Split(lines[3], `\n`) {
		if _, assignment, ok := strings.Cut(line, "BECKON_"); ok {
			env = append(env, "BECKON_"+strings.Replace(assignment, "%s", "0123456789abcdef", 1))
		}
	}
	p, err := planned(t, "10.0.0.5", append(env, "BECKON_ACME_CACHE="+t.TempDir()))
	if err != nil || len(env) != 3 || p.http.port != 443 || p.name != "beckon.example.org" {
		t.Errorf("%q: %+v, %v", env, p, err)
	}
}

// The guide's requests do what they say: the admin listener takes each of them, as the shell would send it.
func TestDeployRequests(t *testing.T) {
	t.Parallel()
	requests := regexp.MustCompile(`(?m)^curl -H '([^']*)' -d '([^']*)' (http://\S+)$`).FindAllStringSubmatch(fileText(t, deployFile), -1)
	for _, r := range requests {
		h, asked := testAdmin("", "")
		req := httptest.NewRequest(http.MethodPost, r[3], strings.NewReader(r[2]))
		name, value, _ := strings.Cut(r[1], ": ")
		req.Header.Set(name, value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if len(*asked) == 0 {
			t.Errorf("%s: %d %s", r[0], w.Code, w.Body)
		}
	}
	if len(requests) != 3 {
		t.Errorf("%d requests", len(requests))
	}
}

// systemd understands the unit.
func TestUnit(t *testing.T) {
	t.Parallel()
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		lacking.Skip(t, "there is no systemd-analyze on PATH to check docs/beckon.service with: install it, on Debian with `apt-get install systemd`")
	}
	program, err := os.Executable() // the one that it names is not installed here
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "beckon.service")
	text := strings.ReplaceAll(fileText(t, "../../docs/beckon.service"), "/usr/local/bin/beckon", program)
	for name, c := range map[string]struct {
		text string
		bad  bool
	}{
		"as it is":        {text, false},
		"with a mistake":  {strings.Replace(text, "StateDirectory=", "StateDirectroy=", 1), true},
		"without program": {strings.Replace(text, program, program+"-missing", 1), true},
	} {
		if err := os.WriteFile(unit, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), verify, "verify", "--man=no", unit).CombinedOutput()
		if complaint := err != nil || len(out) > 0; complaint != c.bad {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}
