package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// tally counts what happened.
type tally struct {
	saidDirect, saidToRoom      int // as they were said
	direct, heard               int // as they were heard; a room message once for each reader
	lost, duplicated, reordered int
	falseLeft, wrong            int // wrong counts whatever is, those before included
	lapsed                      int // absences of more than the grace
	withRecipient, withSender   int // calls that failed because one of the two was no more

	frames int            // of every kind, on every hop
	kinds  map[string]int // by direction and type

	carriers map[peer.Carrier]int // over which players joined

	kills, cuts, holes, reloads, drops, slow int
	leastFlying, flying                      int // messages that were in flight at a kill
	seeds                                    int
	simulated, took                          time.Duration
}

func newTally() tally { return tally{kinds: map[string]int{}, carriers: map[peer.Carrier]int{}} }

func (t *tally) add(o tally) {
	t.saidDirect += o.saidDirect
	t.saidToRoom += o.saidToRoom
	t.direct += o.direct
	t.heard += o.heard
	t.lost += o.lost
	t.duplicated += o.duplicated
	t.reordered += o.reordered
	t.falseLeft += o.falseLeft
	t.wrong += o.wrong
	t.lapsed += o.lapsed
	t.withRecipient += o.withRecipient
	t.withSender += o.withSender
	t.frames += o.frames
	for kind, n := range o.kinds {
		t.kinds[kind] += n
	}
	for carrier, n := range o.carriers {
		t.carriers[carrier] += n
	}
	if o.kills > 0 && (t.kills == 0 || o.leastFlying < t.leastFlying) {
		t.leastFlying = o.leastFlying
	}
	t.kills += o.kills
	t.cuts += o.cuts
	t.holes += o.holes
	t.reloads += o.reloads
	t.drops += o.drops
	t.slow += o.slow
	t.flying += o.flying
	t.seeds++
	t.simulated += o.simulated
	t.took += o.took
}

// killed counts a kill that hit that many messages.
func (t *tally) killed(flying int) {
	if t.kills == 0 || flying < t.leastFlying {
		t.leastFlying = flying
	}
	t.kills++
	t.flying += flying
}

func (t tally) messages() int { return t.direct + t.heard }

func (t tally) amplification() float64 { return float64(t.frames) / float64(max(1, t.messages())) }

// summary is the last line of a run, for machines too.
func (t tally) summary() string {
	return fmt.Sprintf("kills %d, messages %d: lost %d, duplicated %d, reordered %d, frames per message %.2f",
		t.kills, t.messages(), t.lost, t.duplicated, t.reordered, t.amplification())
}

// details is the rest.
func (t tally) details() string {
	return fmt.Sprintf("%s; each kill hit %.0f messages in flight (at least %d); cuts %d, black holes %d, reloads %d (%d without a goodbye), slow readers %d times; "+
		"said %d direct and %d to the room, heard %d and %d; false left %d, absent for more than the grace %d; failed with their recipient %d, with their sender %d; joined over %s; %v in %.1f s",
		t.summary(), float64(t.flying)/float64(max(1, t.kills)), t.leastFlying, t.cuts, t.holes, t.reloads, t.drops, t.slow,
		t.saidDirect, t.saidToRoom, t.direct, t.heard, t.falseLeft, t.lapsed, t.withRecipient, t.withSender, t.joinedOver(), t.simulated.Round(time.Second), t.took.Seconds())
}

// joinedOver says how many players joined over which carriers.
func (t tally) joinedOver() string {
	var out []string
	for _, carrier := range slices.Sorted(maps.Keys(t.carriers)) {
		out = append(out, fmt.Sprintf("%s %d", carrier, t.carriers[carrier]))
	}
	return strings.Join(out, ", ")
}

// frameKinds says what the frames were.
func (t tally) frameKinds() string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(t.kinds)) {
		out = append(out, fmt.Sprintf("%s %d", kind, t.kinds[kind]))
	}
	return strings.Join(out, ", ")
}
