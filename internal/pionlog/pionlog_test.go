package pionlog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/pion/logging"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLevelsAndForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, level string
		say         func(logging.LeveledLogger)
	}{
		{"trace", "trace", func(l logging.LeveledLogger) { l.Trace("a 1") }},
		{"tracef", "trace", func(l logging.LeveledLogger) { l.Tracef("a %d", 1) }},
		{"debug", "debug", func(l logging.LeveledLogger) { l.Debug("a 1") }},
		{"debugf", "debug", func(l logging.LeveledLogger) { l.Debugf("a %d", 1) }},
		{"info", "debug", func(l logging.LeveledLogger) { l.Info("a 1") }},
		{"infof", "debug", func(l logging.LeveledLogger) { l.Infof("a %d", 1) }},
		{"warn", "debug", func(l logging.LeveledLogger) { l.Warn("a 1") }},
		{"warnf", "debug", func(l logging.LeveledLogger) { l.Warnf("a %d", 1) }},
		{"error", "warn", func(l logging.LeveledLogger) { l.Error("a 1") }},
		{"errorf", "warn", func(l logging.LeveledLogger) { l.Errorf("a %d", 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			c.say(New(zerolog.New(&out).Level(zerolog.TraceLevel)).NewLogger("ice"))
			var got map[string]string
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("not one JSON line: %q: %v", out.String(), err)
			}
			want := map[string]string{"level": c.level, "scope": "ice", "detail": "a 1", "message": "pion"}
			for k, v := range want {
				if got[k] != v || len(got) != len(want) {
					t.Errorf("got %v, want %v", got, want)
				}
			}
		})
	}
}

func TestNewDebugKeepsErrorsAtDebug(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := NewDebug(zerolog.New(&out)).NewLogger("turn")
	l.Error("odd packet")
	l.Errorf("odd packet %d", 2)
	if n := strings.Count(out.String(), `"level":"debug"`); n != 2 || strings.Count(out.String(), "\n") != 2 {
		t.Fatalf("want two debug lines, got %q", out.String())
	}
}

// A console prints a message as it is, so text of a stranger's choosing must not be the message.
func TestStrangersTextIsQuotedOnAConsole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := zerolog.New(zerolog.ConsoleWriter{Out: &out, NoColor: true})
	New(log).NewLogger("turn").Errorf("no such user %s", "x\r\n\x1b[2Jroot logged in")
	if s := strings.TrimSuffix(out.String(), "\n"); s == "" || strings.ContainsAny(s, "\r\n\x1b") {
		t.Fatalf("control bytes reached the console: %q", s)
	}
}

// The format is that of pion/ice: if that changes, this test goes on passing, but the one in package peer does not.
func TestAPasswordIsLeftOut(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	New(zerolog.New(&out)).NewLogger("ice").Debugf("Started agent: isControlling? %t, remoteUfrag: %q, remotePwd: %q", true, "name", "word")
	if s := out.String(); strings.Contains(s, "word") || !strings.Contains(s, "name") || strings.Contains(s, "%!") {
		t.Fatalf("got %s", s)
	}
}

// loud fails the test when somebody formats it.
type loud struct{ t *testing.T }

func (l loud) String() string { l.t.Error("formatted a line that is not written"); return "" }

func TestSilentLoggerFormatsNothing(t *testing.T) { // not parallel: AllocsPerRun counts the whole process
	var out bytes.Buffer
	for name, log := range map[string]zerolog.Logger{
		"zero":  {},
		"level": zerolog.New(&out).Level(zerolog.ErrorLevel),
	} {
		l := New(log).NewLogger("ice")
		l.Tracef("%s", loud{t})
		l.Debugf("%s", loud{t})
		l.Infof("%s", loud{t})
		l.Warnf("%s", loud{t})
		l.Errorf("%s", loud{t})
		l.Error("plain")
		if out.Len() != 0 {
			t.Errorf("%s: wrote %q", name, out.String())
		}
		if n := testing.AllocsPerRun(100, func() { l.Debugf("nothing to box") }); n != 0 {
			t.Errorf("%s: a line that is off costs %v allocations", name, n)
		}
	}
}
