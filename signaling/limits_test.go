package signaling

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// What the specification's table says is what a server does that was told nothing.
func TestLimitsAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	l := Limits{}.withDefaults()
	s := func(d time.Duration) string { return fmt.Sprint(int(d.Seconds()), " s") }
	want := map[string]string{
		"hello":                             "within " + s(l.Hello),
		"body of a hello, over HTTP":        "a frame, within " + s(l.Hello),
		"body of frames, over HTTP":         fmt.Sprintf("%d frames, %s bytes, within %s", l.SendFrames, thousands(l.SendBytes), s(l.Body)),
		"bodies under way":                  fmt.Sprintf("%d per address", l.PerAddress),
		"requests that wait":                "one send and one poll per carrier",
		"what a poll has not acknowledged":  fmt.Sprintf("%d KiB", l.QueueBytes>>10),
		"heartbeat":                         "every " + s(l.Ping) + ", silence of " + s(l.Silence),
		"frame":                             thousands(l.Frame) + " bytes",
		"attributes":                        thousands(l.Attributes) + " bytes",
		"rate, burst":                       fmt.Sprintf("%d frames a second, %d at once", l.Rate, l.Burst),
		"joins":                             fmt.Sprintf("%d a minute", l.Joins),
		"refused frames":                    fmt.Sprintf("%d more than were accepted", l.Refused),
		"reports":                           fmt.Sprintf("%d a minute", l.Reports),
		"revocations":                       thousands(l.Revocations) + " remembered",
		"addresses announced as candidates": fmt.Sprintf("%d per member", l.Candidates),
		"rooms":                             fmt.Sprintf("%d per peer", l.Rooms),
		"members":                           thousands(l.Members) + " per room",
		"window":                            fmt.Sprintf("%d signals", l.Window),
		"mesh":                              fmt.Sprintf("%d members connect", l.Mesh),
		"queue to a connection":             fmt.Sprintf("%d frames or %d KiB", l.QueueFrames, l.QueueBytes>>10),
		"ring":                              fmt.Sprintf("%d events or %d MiB", l.RingEvents, l.RingBytes>>20),
		"connections":                       fmt.Sprintf("%d per address", l.PerAddress),
		"write":                             s(l.Write),
		"close":                             s(l.Linger),
		"goaway":                            s(l.GoAway),
		"presence grace":                    s(l.Grace),
		"refusals":                          fmt.Sprintf("%d hellos or tokens per address (IPv6: per /64), of which one is forgiven every %s", l.Failures, s(l.Forgive)),
		"wait after refusals":               fmt.Sprintf("%s, doubling to %s", s(l.Delay), s(l.LongestDelay)),
		"addresses with refusals":           thousands(l.FailedAddresses) + " remembered",
		"warning of the end of the grants":  fmt.Sprintf("%d min before", int(l.Warning.Minutes())),
		"acknowledgement":                   s(l.Ack),
		"resume token":                      fmt.Sprint(l.Resume.Hours(), " h"),
		"sessions, rooms":                   thousands(l.Sessions) + " each per server",
		"authorization, ICE servers":        s(l.Callback),
	}
	if l.Sessions != l.AllRooms {
		t.Error("the table has one number for sessions and rooms")
	}
	readme, err := os.ReadFile("protocol/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "| limit | default | beyond it |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		cells := strings.Split(row, " | ")
		name := strings.TrimPrefix(cells[0], "| ")
		if w, ok := want[name]; !ok || !strings.HasPrefix(cells[1], w) {
			t.Errorf("%s: the table says %q, the server %q", name, cells[1], w)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not in the table: %v", want)
	}
}

// thousands writes 65536 as 65,536.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
