//go:build unix && !linux

package browser

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// members returns the living processes of the browser, as "pid state command":
// those of its group, and those whose command line names its folder.
func members(t *testing.T, b *Browser) []string {
	t.Helper()
	out, err := exec.Command("ps", "-axo", "pgid=,pid=,stat=,command=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		ours := fields[0] == strconv.Itoa(b.process.PID) || strings.Contains(line, b.dir)
		if ours && !strings.HasPrefix(fields[2], "Z") {
			found = append(found, strings.Join(fields[1:], " "))
		}
	}
	return found
}
