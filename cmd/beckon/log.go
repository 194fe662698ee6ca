package main

import (
	"io"
	stdlog "log"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
)

// logFlags are the same for every sub-command that logs.
type logFlags struct {
	LogLevel  string `group:"run" placeholder:"LEVEL" default:"info" enum:"trace,debug,info,warn,error" help:"Least level of what is logged: trace, debug, info, warn or error."`
	LogFormat string `group:"run" placeholder:"FORMAT" default:"auto" enum:"auto,console,json" help:"console is for people, json for programs; auto is console when stderr is a terminal and else json."`
}

// logger makes the one logger of the process. Kong has checked the values.
func (f logFlags) logger(w io.Writer) zerolog.Logger {
	terminal := isTerminal(w)
	out := zerolog.SyncWriter(w)
	if f.LogFormat == "console" || f.LogFormat == "auto" && terminal {
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly, NoColor: !terminal}
	}
	level, err := zerolog.ParseLevel(f.LogLevel)
	if err != nil {
		level = zerolog.InfoLevel
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger()
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// debugLog takes what net/http wants to say: that clients broke off or sent nonsense.
func debugLog(log zerolog.Logger) *stdlog.Logger {
	return stdlog.New(debugWriter{log}, "", 0)
}

type debugWriter struct{ log zerolog.Logger }

func (w debugWriter) Write(b []byte) (int, error) {
	w.log.Debug().Str("detail", strings.TrimSpace(string(b))).Msg("http")
	return len(b), nil
}
