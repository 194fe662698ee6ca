package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// root is that of the repository.
const root = "../.."

// elsewhere are the codes and options to which two players in a room of an open server do not come, and the tests that do. What the server
// answers with to things that no SDK says is in the tests of the server.
var elsewhere = map[string][]string{
	// A server that knows its guests, and what they may.
	"forbidden":         {"peer/room_test.go", "web/sdk/test/room.test.ts"},
	"unauthorized":      {"peer/tokens_test.go", "web/sdk/test/session.test.ts"},
	"revoked":           {"peer/report_test.go", "web/sdk/test/reports.test.ts"},
	"kicked":            {"peer/report_test.go", "web/sdk/test/reports.test.ts"},
	"too-many-peers":    {"peer/carrier_test.go", "web/sdk/test/session.test.ts"},
	"peer-unverified":   {"e2e/verify_test.go"},
	"relay-allocations": {"e2e/relaylimit_test.go", "web/sdk/test/reports.test.ts"},
	"relay-bytes":       {"e2e/relaylimit_test.go", "web/sdk/test/reports.test.ts"},
	"relay-bandwidth":   {"e2e/relaylimit_test.go", "web/sdk/test/reports.test.ts"},
	"token":             {"peer/room_test.go", "web/sdk/test/tokens.test.ts"},
	"tokenSource":       {"e2e/freshice_test.go"}, // a token in JavaScript
	"identity":          {"peer/verify_test.go", "web/sdk/test/verify.test.ts"},
	"trust":             {"peer/verify_test.go", "web/sdk/test/verify.test.ts"},
	"secret":            {"peer/verify_test.go", "web/sdk/test/verify.test.ts"},
	"attestation":       {"peer/verify_test.go", "web/sdk/test/verify.test.ts"},
	// More than two members, or more than they can say in the time of a case.
	"rate-limited":   {"peer/room_test.go", "web/sdk/test/room.test.ts"},
	"room-full":      {"signaling/room_test.go", "web/sdk/test/session.test.ts"},
	"too-many-rooms": {"signaling/room_test.go"},
	"mesh-full":      {"peer/meet_test.go", "web/sdk/test/peer.test.ts"},
	"busy":           {"peer/bounds_test.go", "e2e/hostilereader_test.go"},
	"stale-instance": {"signaling/route_test.go", "web/sdk/test/delivery.test.ts"},
	// A text that JavaScript cannot have, or a frame that no SDK sends.
	"bad-frame":        {"peer/channel_test.go", "web/sdk/test/muxhostile.test.ts"},
	"unknown-type":     {"e2e/hostileframe_test.go"},
	"unexpected-hello": {"e2e/hostileframe_test.go"},
	"not-in-room":      {"e2e/hostileframe_test.go"},
	"internal":         {"e2e/hostileframe_test.go"},
	"bad-request":      {"signaling/post_test.go"},
	"unknown-carrier":  {"signaling/post_test.go", "web/sdk/test/carriers.test.ts"},
	"stale-request":    {"signaling/post_test.go", "web/sdk/test/carriers.test.ts"},
	"body-too-large":   {"signaling/post_test.go", "web/sdk/test/carriers.test.ts"},
	"body-too-slow":    {"signaling/admission_test.go"},
	"going-away":       {"e2e/hostileframe_test.go", "web/sdk/test/carriers.test.ts"},
	// What one of the languages has alone.
	"closeTimeout":  {"peer/script_test.go"},
	"disableMDNS":   {"peer/reachable_test.go"},
	"logger":        {"peer/pion_test.go"},
	"tls":           {"peer/relaydialer_test.go"},
	"dial":          {"peer/room_test.go"},
	"settingEngine": {"peer/negotiate_test.go"},
}

// TestSuiteCoversSurface: every error code, every option of a channel and every option of joining, of either SDK, is in a case, or in a
// test that is named here.
func TestSuiteCoversSurface(t *testing.T) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	inCases := inSuite(t, cases)
	surface := slices.Concat(codes(), goOptions(), typeScriptOptions(t, "ChannelOptions"), typeScriptOptions(t, "JoinOptions"))
	if len(surface) < 60 {
		t.Fatalf("only %d codes and options were found: %q", len(surface), surface)
	}
	for _, name := range surface {
		files, there := elsewhere[name]
		switch {
		case inCases[name] && there:
			t.Errorf("%s has a case: it needs no other place", name)
		case !inCases[name] && !there:
			t.Errorf("no case has %s: add one, or name the tests that have it, and why", name)
		}
		for _, file := range files {
			if !mentions(t, file, name) {
				t.Errorf("%s is said to be tested in %s, which does not know it", name, file)
			}
		}
	}
	for name := range elsewhere {
		if !slices.Contains(surface, name) {
			t.Errorf("there is no code and no option %s", name)
		}
	}
}

// inSuite are the codes that steps end with, and the options that cases give.
func inSuite(t *testing.T, cases []Case) map[string]bool {
	found := make(map[string]bool)
	add := func(options any) {
		encoded, err := json.Marshal(options)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(encoded, &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			found[name] = true
		}
	}
	for _, c := range cases {
		found["iceServers"] = found["iceServers"] || c.Relay
		for _, join := range c.Join {
			add(join)
		}
		for _, s := range slices.Concat(c.A, c.B) {
			for code := range strings.SplitSeq(s.Error, "|") {
				found[code] = true
			}
			if s.Options != nil {
				add(s.Options)
			}
		}
	}
	return found
}

func codes() (all []string) {
	for _, info := range protocol.ErrorCodes() {
		all = append(all, string(info.Code))
	}
	return all
}

// inJavaScript are names of options in Go that are others in JavaScript, which are the suite's.
var inJavaScript = map[string]string{
	"Unordered": "ordered", "DisableReports": "reports", "ICEServers": "iceServers", "ICETransportPolicy": "iceTransportPolicy", "TLS": "tls",
}

func goOptions() (all []string) {
	for _, options := range []any{peer.ChannelOptions{}, peer.Config{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(options)) {
			name, other := inJavaScript[field.Name]
			if !other {
				name = strings.ToLower(field.Name[:1]) + field.Name[1:]
			}
			all = append(all, name)
		}
	}
	return all
}

var typeScriptField = regexp.MustCompile(`(?m)^  (\w+)\?: `)

// typeScriptOptions are the fields of an interface of the browser's SDK.
func typeScriptOptions(t *testing.T, name string) (all []string) {
	text, err := os.ReadFile(filepath.Join(root, "web/sdk/src/options.ts"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, found := strings.Cut(string(text), "export interface "+name+" ")
	body, _, ended := strings.Cut(body, "\n}\n")
	if !found || !ended {
		t.Fatalf("there is no interface %s", name)
	}
	for _, m := range typeScriptField.FindAllStringSubmatch(body, -1) {
		all = append(all, m[1])
	}
	return all
}

// mentions tells that a file has the code or the option, as either language writes it.
func mentions(t *testing.T, file, name string) bool {
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Error(err)
		return true
	}
	constant := ""
	for word := range strings.SplitSeq(name, "-") {
		constant += strings.ToUpper(word[:1]) + word[1:]
	}
	as := []string{`"` + name + `"`, "Code" + constant, "Close" + constant, "CloseCode." + constant, name + ":", name + ",", name + " }", constant + ":"}
	if name == "tls" {
		as = []string{"TLS:"}
	}
	return slices.ContainsFunc(as, func(s string) bool { return strings.Contains(string(text), s) })
}
