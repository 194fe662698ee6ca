package turnserver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// traps are what pion/turn v5.1.0 does that a server in the open must not, and the tests that keep it from coming through. Read
// them before Pion is updated: some may be gone then, and code of ours with them.
func traps() []trap {
	return []trap{
		{"the TCP bytes 40 00 FF FC make a goroutine spin for ever", []string{"TestBytesThatSpinPion", "TestPionStillSpins", "FuzzFramer"}},
		{"an authenticated Connect (RFC 6062) to a black hole stalls its listener", []string{"TestTCPRelayRefused"}},
		{"the client chooses the realm, and it flows into keys, quotas and logs", []string{"TestUnauthorized", "TestBadCredentials"}},
		{"the bundled handler of REST credentials ends living sessions at their end", []string{"TestAgeCountsOnAllocateOnly", "TestUsernamesThatOpenNothing", "TestASessionLastsForDays"}},
		{"the quota is asked apart from the allocation, and for nobody with EVEN-PORT", []string{"TestLedgerConcurrent", "TestQuotasOverTheWire", "TestAllocateRefused"}},
		{"permissions have no port and no user, and loopback is open by default", []string{"TestDeniedByDefault", "TestDeniedPortsOverTheWire", "TestChannelBindRefused", "TestScope"}},
		{"IPv4-mapped addresses are not what they look like", []string{"TestDeniedPeersOverTheWire"}},
		{"a TLS handshake that stops is never closed", []string{"TestHalfOpenTLS"}},
		{"idle TCP has no deadline and no cap", []string{"TestTCPDeadlines", "TestTooManyTCPConnections"}},
		{"Close leaves accepted connections alive", []string{"TestCloseLeavesNothingOpen", "TestServe"}},
		{"any error of a UDP socket ends its listener", []string{"TestReadErrorsAreSurvived"}},
		{"a request without an allocation gets silence, not 437", []string{"TestRequestsWithoutAnAllocation"}},
		{"a request about another user's allocation gets silence, not 441", []string{"TestAnotherUsersAllocation"}},
		{"ChannelBind to a denied peer gets 401, not 403, and its number is not looked at", []string{"TestChannelBindRefused"}},
		{"of a CreatePermission with a denied peer the first half is installed", []string{"TestCreatePermissionIsAtomic"}},
		{"a wrong password gets 400, not 401", []string{"TestUnauthorized"}},
		{"errors are not signed", []string{"TestRequestsWithoutAnAllocation", "TestAllocateRefused"}},
		{"permissions and channels of an allocation have no bound, and each packet walks all channels", []string{"TestPeersOfOneAllocationAreBounded"}},
		{"datagrams above 1,600 bytes are cut", []string{"TestOversizedDatagramIsDropped", "TestFrontDrops"}},
		{"clients of older RFCs pick channels up to 0x7FFF, which must stay open", []string{"TestChannelBindRefused"}},
		{"DONT-FRAGMENT is not offered, and says so", []string{"TestAllocateRefused"}},
		{"strangers are answered without a limit", []string{"TestStrangersOverTheWire", "TestStrangersAreAnsweredAtABoundedRate"}},
		{"nonces must not be foreseen (CVE-2025-69217)", []string{"TestNonces"}},
		{"some events come with locks of Pion held", []string{"TestPermissionsFollowPion", "TestCloseLeavesNothingOpen"}},
		{"a permission that is made while its allocation ends is a nil pointer", []string{"TestEndWhileRequestsCome", "TestLastMoment"}},
		{"the event of a failed authentication does not come for unknown users", []string{"TestBadCredentials"}},
		{"events say that every allocation is one of UDP", []string{"TestAllocations"}},
		{"sockets have the kernel's small buffers, which lose bursts", []string{"TestSocketBuffers"}},
		{"after ten random ports the generator gives up", []string{"TestEveryPortOfTheRangeIsFound", "TestLastVirtualPortIsFound"}},
		{"a relay carries whatever its client likes", []string{"TestGatePayload", "TestGateCheck", "TestPayloadBetweenRelays"}},
	}
}

type trap struct {
	does  string
	tests []string
}

func TestEveryTrapHasATest(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				there[fn.Name.Name] = true
			}
		}
	}
	for _, trap := range traps() {
		for _, test := range trap.tests {
			if !there[test] {
				t.Errorf("%s: there is no %s", trap.does, test)
			}
		}
	}
}
