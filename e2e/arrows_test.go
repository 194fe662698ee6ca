package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"testing"
)

// module is the path of this module; "./" in a pattern stands for it.
const module = "github.com/beckon-rtc/beckon"

// siblings are the parts that a program may use one without the other.
var siblings = []string{"./signaling", "./peer", "./turnserver", "./web", "./edge"}

// forbidden is the floor plan as what it does not allow. A failure prints the
// reason: whoever draws a new arrow should meet that and not only a rule.
var forbidden = []arrow{
	{
		from: []string{"./signaling/protocol", "./signaling/protocol/delivery"}, to: []string{foreign, "./..."},
		except: []string{"./signaling/protocol", "./signaling/protocol/delivery"},
		why: "the protocol is a leaf: everybody who speaks it, the Go client above all, links what it imports, " +
			"and whoever ports it reads it without knowing any library",
	},
	{
		from: []string{"./signaling/protocol/delivery"}, to: []string{"net/...", "os/...", "math/rand/...", "crypto/...", "sync/..."}, direct: true,
		why: "the delivery machine has no clock, network or randomness of its own: so it can be tested as a table, " +
			"run in simulation, and ported line by line",
	},
	{
		from: []string{"./signaling/token", "./signaling/webhook"}, to: []string{"./..."},
		except: []string{"./signaling/protocol", "./signaling/token", "./signaling/webhook"},
		why: "who makes tokens or answers for them is an app's backend: it must not link the server, and the server takes " +
			"whatever decides as a function (Authorize), so neither knows the other",
	},
	{
		from: []string{"./peer"}, to: []string{"./signaling", "./turnserver", "./web", "./cmd/..."},
		why: "a program that joins a room must not carry the server in its binary: what both need is in signaling/protocol",
	},
	{
		from: []string{"./files"}, to: []string{"./..."}, except: []string{"./files", "./peer/...", "./signaling/protocol/...", "./internal/..."},
		why: "files are sent with what every app has of peer: what they would need more of it, an app would need as well",
	},
	{
		from: []string{"./files"}, to: []string{"github.com/pion/...", "./peer/mux", "./internal/..."}, direct: true,
		why: "files are sent with what every app has of peer: what they would need more of it, an app would need as well",
	},
	{
		from: []string{"./peer/mux"}, to: []string{"./..."}, except: []string{"./peer/mux", "./signaling/protocol"},
		why: "how channels share data channels is a protocol of its own, which whoever ports it reads without the rest",
	},
	{
		from: []string{"./peer/mux"}, to: []string{"github.com/pion/..."},
		why: "a trunk is whatever takes a frame: so all that can happen on one is tried in memory, without a WebRTC stack and without a network",
	},
	{
		from: []string{"./peer/identity"}, to: []string{foreign, "./..."}, except: []string{"./peer/identity", "./signaling/protocol"},
		why: "what decides whom to believe is read by people who review it, and ported: it needs nothing that Go does not bring, and nothing of what it judges",
	},
	{
		from: []string{"./peer"}, to: []string{"github.com/prometheus/...", "github.com/alecthomas/kong/..."},
		why: "peer is a library inside of other people's programs: their metrics and flags are their choice",
	},
	{
		from: []string{"./signaling/...", "./turnserver/...", "./edge", "./web/...", "./internal/..."}, to: []string{"github.com/prometheus/..."},
		why: "these count, and say what they have counted in Stats: what becomes of the numbers is for the program to choose, and cmd/beckon makes metrics of them",
	},
	{
		from: []string{"./signaling/..."}, to: []string{"./peer/...", "./turnserver", "./web"},
		why: "siblings never import each other: cmd/beckon hands signaling what it needs of them as functions " +
			"(Authorize, ICEServers), so that it also runs without a relay and in other people's servers",
	},
	{
		from: []string{"./signaling/..."}, to: []string{"github.com/pion/..."},
		why: "the server routes descriptions and candidates without decoding them: with a WebRTC stack at hand it would begin to",
	},
	{
		from: []string{"./turnserver/...", "./web/..."}, to: []string{"./..."},
		except: []string{"./turnserver/...", "./web/...", "./internal/..."},
		why:    "the relay and the pages know nothing of rooms: cmd/beckon wires them, and each can be used alone",
	},
	{
		from: []string{"./edge"}, to: []string{"./..."}, except: []string{"./edge"},
		why: "the port tells protocols apart by their first bytes and knows neither: cmd/beckon gives HTTP's connections to an " +
			"http.Server and TURN's to the relay, and either can also be served without it",
	},
	{
		from: []string{"./signaling/...", "./peer", "./turnserver/...", "./web/...", "./internal/..."}, to: []string{"./edge"}, tests: true,
		why: "what is served takes a net.Listener and does not ask where it comes from: TLS, proxies and certificates are the port's",
	},
	{
		from: []string{"./edge"}, to: []string{"github.com/pion/..."}, tests: true,
		why: "eight bytes tell STUN from HTTP: whoever parses more of a message than that is the relay",
	},
	{
		from: []string{"./internal/..."}, to: []string{"./..."}, except: []string{"./internal/..."},
		why: "internal packages are below all others: one that imports upwards closes a circle or hides an arrow between siblings",
	},
	{
		from: []string{"./..."}, to: []string{"./cmd/..."}, except: []string{"./cmd/..."}, tests: true,
		why: "flags, environment and wiring live in cmd/beckon alone: what another package needs of it belongs into a package",
	},
	{
		from: []string{"./..."}, to: []string{"./e2e/..."}, unless: []string{"./e2e/..."}, tests: true,
		why: "e2e tests everything, from outside: what imports it would be tested by itself",
	},
	{
		from: []string{"./..."}, to: []string{"github.com/chromedp/..."}, unless: []string{"./e2e"}, tests: true,
		why: "a browser driver is for the end-to-end tests: nothing that ships may link it, and unit tests need no browser",
	},
	{
		from: []string{"./..."}, to: []string{"github.com/rs/zerolog/log"}, direct: true, tests: true,
		why: "the global logger writes where nobody asked it to: a zerolog.Logger is passed in by value, and its zero value is silent",
	},
}

// bridgers may import more than one sibling.
var bridgers = []string{"./cmd/...", "./e2e/..."}

func TestArrows(t *testing.T) {
	packages := list(t)
	for _, broken := range violations(packages, forbidden) {
		t.Error(broken)
	}
	for _, broken := range bridges(packages, siblings, bridgers) {
		t.Error(broken)
	}
	for _, missing := range guardsNothing(packages, forbidden) {
		t.Error(missing)
	}
}

// list returns the packages of the module as the go command sees them here.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = ".."
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &complaints)
	}
	var packages []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath                               string
			Imports, TestImports, XTestImports, Deps []string
		}
		if err := d.Decode(&listed); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, pkg{
			path:    listed.ImportPath,
			imports: listed.Imports,
			tests:   slices.Concat(listed.TestImports, listed.XTestImports),
			links:   listed.Deps,
		})
	}
	return packages
}
