//go:build unix

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/conformance"
)

const (
	// conformancePatience bounds the suite in all pairings, casePatience one case.
	conformancePatience = 6 * time.Minute
	casePatience        = 40 * time.Second
	// atOnce is how many cases of the suite run side by side, and waitAtOnce how many of those that wait nearly all of their time, for a
	// relay or a server to be found dead. It is no matter of processors, so it is not left to -parallel.
	atOnce, waitAtOnce = 4, 6
)

// player plays roles of the suite: conformance.Player for package peer, a hubPage for a browser's SDK.
type player interface {
	Play(ctx context.Context, run conformance.Run) error
	// Forget drops the connection of the pair.
	Forget(pair string)
}

// pairing are the two kinds of players of a column, and the pairs in it: either kind as each role.
type pairing [2]browser.Kind

// pairings are the columns of the table.
func pairings() []pairing {
	return []pairing{
		{golang, golang}, {golang, browser.Chromium}, {browser.Chromium, browser.Chromium},
		{golang, browser.Firefox}, {browser.Chromium, browser.Firefox},
	}
}

func (p pairing) String() string { return string(p[0]) + "-" + string(p[1]) }

func (p pairing) directions() []pairing {
	if p[0] == p[1] {
		return []pairing{p}
	}
	return []pairing{p, {p[1], p[0]}}
}

// TestConformance runs the suite of package conformance between all players. Each case is a subtest, PAIR/CASE, where the pair says who
// plays A and who plays B; in the end there is a table.
func TestConformance(t *testing.T) {
	cases, err := conformance.Cases()
	if err != nil {
		t.Fatal(err)
	}
	st := newConformanceStage(t)
	table := newConformanceTable(cases)
	defer func() { t.Log(table) }()
	t.Run("pairs", func(t *testing.T) {
		var all sync.WaitGroup
		defer all.Wait()
		for _, column := range pairings() {
			for _, pair := range column.directions() {
				all.Go(func() {
					t.Run(pair.String(), func(t *testing.T) {
						needAll(t, pair[:]...)
						st.runAll(t, pair, cases, func(name, fault string) { table.note(column, name, pair, fault) })
						t.Logf("%s: %s", pair, table.sum(column, pair)) // scripts/conformance.sh shows it
					})
				})
			}
		}
	})
}

// conformanceStage is what all cases share: the players, and the server of those that leave it alone.
type conformanceStage struct {
	t      *testing.T // whose browsers they are
	ctx    context.Context
	ip     string
	site   *site
	server *server
	hub    *hub
	places chan struct{} // a token for each case that runs
	waits  chan struct{} // the same for those that wait
	golang *conformance.Player
	log    logBuffer

	// relay is the server whose relay cases use that have one of their own; it is started when it is first needed.
	relay func() *killable

	rooms atomic.Int64 // that there were

	mu    sync.Mutex                 // held while a browser starts, so no case may need it
	pages map[browser.Kind][2]player // guarded by mu
}

func newConformanceStage(t *testing.T) *conformanceStage {
	s, ip := newSiteFor(t, conformancePatience), hostIP(t).String()
	st := &conformanceStage{
		t: t, ctx: s.ctx, ip: ip, site: s,
		hub: newHub(t, s, ip), places: make(chan struct{}, atOnce), waits: make(chan struct{}, waitAtOnce), pages: make(map[browser.Kind][2]player),
	}
	st.relay = sync.OnceValue(func() *killable { return serveKillable(t, st.ip) })
	st.server = serve(t, st.ip, "--allow-origin", s.Origin)
	st.golang = conformance.NewPlayer(zerolog.New(&st.log).Level(zerolog.DebugLevel).With().Timestamp().Logger())
	t.Cleanup(func() {
		st.golang.Close()
		if t.Failed() {
			t.Logf("the Go players logged:\n%s", &st.log)
		}
	})
	return st
}

// players are those of a pair: of a browser, which is opened when it is first needed, one of two pages, so that it can play with itself.
func (st *conformanceStage) players(pair pairing) (a, b player) {
	of := func(kind browser.Kind, page int) player {
		if kind == golang {
			return st.golang
		}
		st.mu.Lock()
		defer st.mu.Unlock()
		pages, opened := st.pages[kind]
		if !opened {
			pages = st.hub.open(st.t, st.site, kind, st.server.Base)
			st.pages[kind] = pages
		}
		return pages[page]
	}
	return of(pair[0], 0), of(pair[1], 1)
}

// runAll runs all cases of a pair: one after the other those that share the pair's connection, and beside each other those that do not.
func (st *conformanceStage) runAll(t *testing.T, pair pairing, cases []conformance.Case, note func(name, fault string)) {
	a, b := st.players(pair)
	one := func(t *testing.T, c *conformance.Case) {
		places := st.places
		if c.Server || c.Relay {
			places = st.waits
		}
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		case <-st.ctx.Done():
		}
		began := time.Now()
		err := st.play(t, c, pair, a, b)
		fault := ""
		if err != nil {
			fault = err.Error()
			t.Errorf("%s between %s: %s\n%v", c.Name, pair, c.Why, err)
		}
		note(c.Name, fault)
		t.Logf("%.2f s", time.Since(began).Seconds())
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		for i := range cases {
			if !cases[i].Alone {
				t.Run(cases[i].Name, func(t *testing.T) { one(t, &cases[i]) })
			}
		}
	})
	for i := range cases {
		if cases[i].Alone {
			all.Go(func() {
				t.Run(cases[i].Name, func(t *testing.T) { one(t, &cases[i]) })
			})
		}
	}
}

// play has both roles of a case played, and returns what was wrong with it.
func (st *conformanceStage) play(t *testing.T, c *conformance.Case, pair pairing, a, b player) error {
	ctx, cancel := context.WithTimeoutCause(st.ctx, casePatience, fmt.Errorf("not done within %v", casePatience))
	defer cancel()
	run := conformance.Run{Case: c, Server: st.server.Base, Pair: pair.String()}
	var own *killable
	if c.Server {
		own = serveKillable(t, st.ip, "--allow-origin", st.site.Origin)
		run.Server = own.Base
	}
	run.Room = fmt.Sprintf("case-%d", st.rooms.Add(1))
	var relay *breakingRelay
	if c.Relay {
		relay = newBreakingRelay(t, st.ip, st.relay().Relay, relaySecret)
		withRelay := *c
		withRelay.Join = make(map[conformance.Role]conformance.JoinOptions)
		for _, role := range []conformance.Role{conformance.A, conformance.B} {
			join := c.Join[role]
			join.ICEServers, join.ICETransportPolicy = relay.servers(), "relay"
			withRelay.Join[role] = join
		}
		run.Case = &withRelay
	}
	meeting := newMeetingPlace(own, relay)
	both := map[conformance.Role]player{conformance.A: a, conformance.B: b}
	var mu sync.Mutex
	var faults []string
	var playing sync.WaitGroup
	for role, p := range both {
		run := run
		run.Role, run.Control = role, meeting
		playing.Go(func() {
			err := p.Play(ctx, run)
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			kind := pair[slices.Index([]conformance.Role{conformance.A, conformance.B}, role)]
			faults = append(faults, fmt.Sprintf("%s (%s): %v", role, kind, err))
			cancel()
		})
	}
	playing.Wait()
	if len(faults) == 0 {
		return nil
	}
	if !c.Alone {
		a.Forget(run.Pair)
		b.Forget(run.Pair)
	}
	// The first is what went wrong, the second that the other was stopped.
	return fmt.Errorf("%s", strings.Join(faults, "\n"))
}

// conformanceTable is what came of the suite.
type conformanceTable struct {
	names []string

	mu     sync.Mutex
	faults map[string]map[string][]string // by pairing and case, the faults of its directions; guarded by mu
}

func newConformanceTable(cases []conformance.Case) *conformanceTable {
	table := &conformanceTable{faults: make(map[string]map[string][]string)}
	for _, c := range cases {
		table.names = append(table.names, c.Name)
	}
	return table
}

func (table *conformanceTable) note(column pairing, name string, pair pairing, fault string) {
	table.mu.Lock()
	defer table.mu.Unlock()
	if table.faults[column.String()] == nil {
		table.faults[column.String()] = make(map[string][]string)
	}
	if fault != "" {
		fault = pair.String()
	}
	table.faults[column.String()][name] = append(table.faults[column.String()][name], fault)
}

// sum says how a pair did.
func (table *conformanceTable) sum(column, pair pairing) string {
	table.mu.Lock()
	defer table.mu.Unlock()
	failed := 0
	for _, results := range table.faults[column.String()] {
		if slices.Contains(results, pair.String()) {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Sprintf("%d of %d cases FAIL", failed, len(table.names))
	}
	return fmt.Sprintf("%d cases are ok", len(table.names))
}

// String has a row for each case and a column for each pairing: "ok", or the pairs that failed; "–" where nobody could play.
func (table *conformanceTable) String() string {
	table.mu.Lock()
	defer table.mu.Unlock()
	columns := pairings()
	var out strings.Builder
	out.WriteString("The conformance suite, by pairings of SDKs\n|")
	fmt.Fprintf(&out, " %-38s |", "case")
	for _, c := range columns {
		fmt.Fprintf(&out, " %-17s |", c)
	}
	fmt.Fprintf(&out, "\n|%s|", strings.Repeat("-", 40))
	for range columns {
		fmt.Fprintf(&out, "%s|", strings.Repeat("-", 19))
	}
	for _, name := range table.names {
		fmt.Fprintf(&out, "\n| %-38s |", name)
		for _, c := range columns {
			fmt.Fprintf(&out, " %-17s |", table.cell(c, name))
		}
	}
	return out.String()
}

func (table *conformanceTable) cell(column pairing, name string) string {
	results := table.faults[column.String()][name]
	if len(results) == 0 {
		return "–"
	}
	failed := slices.DeleteFunc(slices.Clone(results), func(f string) bool { return f == "" })
	if len(failed) > 0 {
		return "FAILS " + strings.Join(failed, ", ")
	}
	return "ok"
}
