package simulation

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

var (
	large   = flag.Bool("simulation.large", false, "run the large simulation: a thousand kills")
	seeds   = flag.Int("simulation.seeds", 5, "how many `seeds` to run, 1 and up")
	seed    = flag.Uint64("simulation.seed", 0, "the `seed` to run alone; 0 for all")
	seconds = flag.Int("simulation.seconds", 0, "run new seeds until so many `seconds` have passed, instead of a number of them")
	verbose = flag.Bool("simulation.log", false, "write what the server and the players log to standard error")
)

// total is of all seeds of this process.
var total struct {
	sync.Mutex
	tally
}

// TestMain prints the summary last, behind what the testing package says.
func TestMain(m *testing.M) {
	total.tally = newTally()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if total.seeds > 0 {
			fmt.Println(total.summary())
			if total.lost+total.duplicated+total.reordered > 0 || total.amplification() > most {
				code = max(code, 1)
			}
		}
		os.Exit(code)
	}))
}

// most is how many frames each message may cost, all in all.
const most = 3.0
