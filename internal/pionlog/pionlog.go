// Package pionlog lets Pion's libraries speak through the program's own logger.
//
// Pion wants a factory of loggers with printf methods, and calls them on the path of every packet. Beckon passes a
// zerolog.Logger by value. The adaptor between the two decides four things:
//
//   - Levels. What Pion calls info or warning is chatter to the person who runs Beckon (a peer that closed, a candidate
//     that did not answer), so both become debug. What Pion calls an error becomes a warning: a library cannot know
//     whether an operator must act, and error is kept for that. Trace and debug stay what they are.
//   - Form. Every line has the constant message "pion", the scope in `scope` and Pion's text in `detail`. The text may
//     hold bytes that a stranger chose (a TURN username), and a field is quoted by both of zerolog's writers, where a
//     message is printed raw on a console.
//   - Secrets. Pion's ICE agent tells the other side's password at debug. It is left out here, because nothing that lets
//     anybody in is ever logged, at any level.
//   - Cost. A line that is not written is not formatted.
//
// The package starts no goroutine.
package pionlog

import (
	"fmt"
	"strings"

	"github.com/pion/logging"
	"github.com/rs/zerolog"
)

// New returns a factory whose loggers write to log. The zero zerolog.Logger gives loggers that are silent. The factory
// and its loggers may be used by many goroutines at once, as log itself may.
func New(log zerolog.Logger) logging.LoggerFactory { return factory{log, zerolog.WarnLevel} }

// NewDebug is New with Pion's errors at debug: for a server, where anybody can cause them at any rate.
func NewDebug(log zerolog.Logger) logging.LoggerFactory { return factory{log, zerolog.DebugLevel} }

type factory struct {
	log zerolog.Logger
	err zerolog.Level // where Pion's errors go
}

var _ logging.LoggerFactory = factory{}

// NewLogger is called by a library once for each of its parts ("ice", "turn").
func (f factory) NewLogger(scope string) logging.LeveledLogger {
	return &logger{f.log.With().Str("scope", scope).Logger(), f.err}
}

type logger struct {
	log zerolog.Logger
	err zerolog.Level
}

var _ logging.LeveledLogger = (*logger)(nil)

func (l *logger) Trace(msg string) { line(l.log.Trace(), msg) }
func (l *logger) Debug(msg string) { line(l.log.Debug(), msg) }
func (l *logger) Info(msg string)  { line(l.log.Debug(), msg) }
func (l *logger) Warn(msg string)  { line(l.log.Debug(), msg) }
func (l *logger) Error(msg string) { line(l.log.WithLevel(l.err), msg) }

func (l *logger) Tracef(format string, args ...any) { linef(l.log.Trace(), format, args) }
func (l *logger) Debugf(format string, args ...any) { linef(l.log.Debug(), format, args) }
func (l *logger) Infof(format string, args ...any)  { linef(l.log.Debug(), format, args) }
func (l *logger) Warnf(format string, args ...any)  { linef(l.log.Debug(), format, args) }
func (l *logger) Errorf(format string, args ...any) { linef(l.log.WithLevel(l.err), format, args) }

func line(e *zerolog.Event, detail string) { e.Str("detail", detail).Msg("pion") }

// linef asks before it formats: zerolog returns a nil event for a level that is off, and Pion's debug lines take
// addresses whose String allocates.
func linef(e *zerolog.Event, format string, args []any) {
	if e.Enabled() {
		// pion/ice v4: "Started agent: …, remotePwd: %q". With a precision of 0 the argument is taken, and nothing of it printed.
		line(e, fmt.Sprintf(strings.ReplaceAll(format, "Pwd: %q", "Pwd: %.0q"), args...))
	}
}
