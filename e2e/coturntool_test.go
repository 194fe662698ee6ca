//go:build unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/internal/lacking"
)

// findCoturn returns the path of one of coturn's programs. It skips the test without it, or fails it where browsers are required.
func findCoturn(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		lacking.Skip(t, fmt.Sprintf("there is no %s: install coturn, on Debian with `apt-get install coturn` as root", name))
	}
	return path
}

// said is how one of coturn's programs ended, and what it printed.
type said struct {
	out  string
	code int  // its exit code; -1 where it did not end by itself
	late bool // it was ended, for its time was over
}

// runCoturn runs one of coturn's programs to its end, or for so long: some of them ask again for ever. The caller has found the program:
// this may be called by any goroutine of the test.
func runCoturn(t *testing.T, limit time.Duration, name string, args ...string) said {
	t.Helper()
	path := findCoturn(t, name)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	out := &lines{first: make(chan struct{})}
	p, err := process.Start(ctx, process.Config{Path: path, Args: args, Stdout: out, Dir: t.TempDir()})
	if err != nil {
		t.Error(err)
		return said{code: -1}
	}
	defer p.Close()
	err = p.Err()
	s := said{out: out.String() + p.Stderr(), late: ctx.Err() != nil}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		s.code = int(int8(exit.ExitCode())) // they exit with -1
	} else if err != nil {
		t.Errorf("%s: %v\n%s", name, err, s.out)
	}
	return s
}

// tally is what turnutils_uclient has counted. Its exit code says nothing of loss: it is 0 where every packet was lost.
type tally struct {
	sent, received, sentBytes, receivedBytes int
	codes                                    []string // of the errors that the server answered, each once
}

var (
	tallyMessages = regexp.MustCompile(`start_mclient: tot_send_msgs=(\d+), tot_recv_msgs=(\d+)`)
	tallyBytes    = regexp.MustCompile(`start_mclient: tot_send_bytes ~ (\d+), tot_recv_bytes ~ (\d+)`)
	tallyError    = regexp.MustCompile(`error (\d{3}) \(`)
)

// count reads the output of turnutils_uclient. It fails for one that does not come to the sum, like that of a client that was refused;
// the codes are there all the same.
func count(out string) (tally, error) {
	var c tally
	seen := map[string]bool{}
	for _, m := range tallyError.FindAllStringSubmatch(out, -1) {
		if !seen[m[1]] {
			seen[m[1]] = true
			c.codes = append(c.codes, m[1])
		}
	}
	messages, sizes := tallyMessages.FindStringSubmatch(out), tallyBytes.FindStringSubmatch(out)
	if messages == nil || sizes == nil {
		return c, errors.New("it does not say how much it sent")
	}
	for i, to := range []*int{&c.sent, &c.received, &c.sentBytes, &c.receivedBytes} {
		text := append(messages[1:3:3], sizes[1:]...)[i]
		n, err := strconv.Atoi(text)
		if err != nil {
			return c, err
		}
		*to = n
	}
	return c, nil
}

// TestTally: what counts is the sum, not the lines before it.
func TestTally(t *testing.T) {
	t.Parallel()
	const running = "4: : start_mclient: msz=2, tot_send_msgs=10, tot_recv_msgs=10, tot_send_bytes ~ 1000, tot_recv_bytes ~ 1000\n"
	const sum = "5: : start_mclient: tot_send_msgs=20, tot_recv_msgs=0\n5: : start_mclient: tot_send_bytes ~ 2000, tot_recv_bytes ~ 0\n"
	c, err := count(running + sum)
	if err != nil || c.sent != 20 || c.received != 0 || c.sentBytes != 2000 || c.receivedBytes != 0 || c.codes != nil {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = count("0: : error 401 (Unauthorized)\n0: : channel bind: error 403 ()\n0: : error 401 (Unauthorized)\n" + running)
	if err == nil || strings.Join(c.codes, " ") != "401 403" {
		t.Errorf("%+v, %v", c, err)
	}
}
