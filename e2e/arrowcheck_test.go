package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// pkg is one package of the module, by import paths.
type pkg struct {
	path    string
	imports []string // without its tests
	tests   []string // what its tests import
	links   []string // imports, and theirs, and so on: what ends up in a binary
}

// arrow forbids the packages that match one of from to depend on any that
// matches one of to. A pattern is an import path, with "./" for this module,
// and with "/..." at its end for it and all below it; or it is foreign.
type arrow struct {
	from, to []string
	unless   []string // packages of from that may
	except   []string // packages of to that are allowed
	direct   bool     // only an import counts; else also what imports link
	tests    bool     // the imports of tests count as well
	why      string
}

// foreign is the pattern of what is neither in the standard library nor ours.
const foreign = "(another module)"

// violations returns a sentence for every arrow that the packages break.
func violations(packages []pkg, arrows []arrow) []string {
	var broken []string
	for _, a := range arrows {
		for _, p := range packages {
			if !matches(a.from, p.path) || matches(a.unless, p.path) {
				continue
			}
			reached := p.links
			if a.direct {
				reached = p.imports
			}
			for _, to := range reached {
				if matches(a.to, to) && !matches(a.except, to) {
					broken = append(broken, fmt.Sprintf("%s depends on %s: %s", short(p.path), short(to), a.why))
				}
			}
			if !a.tests {
				continue
			}
			for _, to := range p.tests {
				if matches(a.to, to) && !matches(a.except, to) {
					broken = append(broken, fmt.Sprintf("a test of %s imports %s: %s", short(p.path), short(to), a.why))
				}
			}
		}
	}
	return broken
}

// bridges returns a sentence for every package outside of allowed that imports
// more than one of the siblings.
func bridges(packages []pkg, siblings, allowed []string) []string {
	var broken []string
	for _, p := range packages {
		if matches(allowed, p.path) {
			continue
		}
		var used []string
		for _, to := range p.imports {
			if matches(siblings, to) {
				used = append(used, short(to))
			}
		}
		if len(used) > 1 {
			broken = append(broken, fmt.Sprintf("%s imports %s: only cmd/beckon adapts between siblings, "+
				"anywhere else it would be a second program's wiring in the first's libraries",
				short(p.path), strings.Join(used, " and ")))
		}
	}
	return broken
}

// guardsNothing returns a sentence for every pattern of our own packages that
// none matches: a package that was renamed would otherwise leave its rule behind.
func guardsNothing(packages []pkg, arrows []arrow) []string {
	var idle []string
	for _, a := range arrows {
		for _, pattern := range slices.Concat(a.from, a.to, a.unless, a.except) {
			ours := strings.HasPrefix(pattern, "./")
			used := slices.ContainsFunc(packages, func(p pkg) bool { return matches([]string{pattern}, p.path) })
			if ours && !used {
				idle = append(idle, fmt.Sprintf("a rule is about %s, which no package is: %s", pattern, a.why))
			}
		}
	}
	return idle
}

func matches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if pattern == foreign {
			// Only the paths of modules begin with a host's name.
			host, _, _ := strings.Cut(path, "/")
			return strings.Contains(host, ".") && !strings.HasPrefix(path, module)
		}
		if strings.HasPrefix(pattern, "./") {
			pattern = module + pattern[1:]
		}
		root, below := strings.CutSuffix(pattern, "/...")
		return path == root || below && strings.HasPrefix(path, root+"/")
	})
}

// short is the path as the patterns spell it.
func short(path string) string {
	if below, ours := strings.CutPrefix(path, module+"/"); ours {
		return "./" + below
	}
	return path
}

func TestArrowsCanFail(t *testing.T) {
	t.Parallel()
	ours := func(p string) string { return module + "/" + p }
	rule := arrow{from: []string{"./peer"}, to: []string{"./signaling", foreign}, why: "because"}
	for name, c := range map[string]struct {
		pkg  pkg
		rule func(*arrow) // changes the rule; nil leaves it
		want string       // the sentence; empty: allowed
	}{
		"an arrow":        {pkg: pkg{path: ours("peer"), links: []string{ours("signaling")}}, want: "./peer depends on ./signaling: because"},
		"another module":  {pkg: pkg{path: ours("peer"), links: []string{"example.org/m"}}, want: "./peer depends on example.org/m: because"},
		"below the root":  {pkg: pkg{path: ours("peer"), links: []string{ours("signaling/protocol")}}},
		"same beginning":  {pkg: pkg{path: ours("peer"), links: []string{ours("signalingx")}}},
		"standard":        {pkg: pkg{path: ours("peer"), links: []string{"net/http", "vendor/golang.org/x/net/idna"}}},
		"somebody else's": {pkg: pkg{path: ours("peers"), links: []string{ours("signaling")}}},
		"all below": {
			pkg:  pkg{path: ours("peer"), links: []string{ours("signaling/protocol")}},
			rule: func(a *arrow) { a.to = []string{"./signaling/..."} },
			want: "./peer depends on ./signaling/protocol: because",
		},
		"an exception": {
			pkg:  pkg{path: ours("peer"), links: []string{ours("signaling/protocol")}},
			rule: func(a *arrow) { a.to, a.except = []string{"./signaling/..."}, []string{"./signaling/protocol"} },
		},
		"one who may": {
			pkg:  pkg{path: ours("peer"), links: []string{ours("signaling")}},
			rule: func(a *arrow) { a.from, a.unless = []string{"./..."}, []string{"./peer"} },
		},
		"linked, not imported": {
			pkg:  pkg{path: ours("peer"), links: []string{ours("signaling")}},
			rule: func(a *arrow) { a.direct = true },
		},
		"imported": {
			pkg:  pkg{path: ours("peer"), imports: []string{ours("signaling")}},
			rule: func(a *arrow) { a.direct = true },
			want: "./peer depends on ./signaling: because",
		},
		"a test that may": {pkg: pkg{path: ours("peer"), tests: []string{ours("signaling")}}},
		"a test that may not": {
			pkg:  pkg{path: ours("peer"), tests: []string{ours("signaling")}},
			rule: func(a *arrow) { a.tests = true },
			want: "a test of ./peer imports ./signaling: because",
		},
	} {
		a := rule
		if c.rule != nil {
			c.rule(&a)
		}
		if got := strings.Join(violations([]pkg{c.pkg}, []arrow{a}), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestBridgesCanFail(t *testing.T) {
	t.Parallel()
	both := []string{module + "/peer", module + "/web"}
	for _, c := range []struct {
		pkg  pkg
		want int
	}{
		{pkg{path: module + "/internal/glue", imports: both}, 1},
		{pkg{path: module + "/internal/glue", imports: both[:1]}, 0},
		{pkg{path: module + "/internal/glue", tests: both}, 0},
		{pkg{path: module + "/cmd/beckon", imports: both}, 0},
	} {
		if got := bridges([]pkg{c.pkg}, siblings, bridgers); len(got) != c.want {
			t.Errorf("%v: %q, want %d", c.pkg, got, c.want)
		}
	}
}

func TestIdleRulesCanFail(t *testing.T) {
	t.Parallel()
	packages := []pkg{{path: module + "/peer"}}
	for _, c := range []struct {
		rule arrow
		want int
	}{
		{arrow{from: []string{"./peer"}, to: []string{"example.org/..."}}, 0},
		{arrow{from: []string{"./..."}, to: []string{foreign}}, 0},
		{arrow{from: []string{"./client"}, to: []string{"./web"}}, 2},
	} {
		if got := guardsNothing(packages, []arrow{c.rule}); len(got) != c.want {
			t.Errorf("%v: %q, want %d", c.rule, got, c.want)
		}
	}
}
