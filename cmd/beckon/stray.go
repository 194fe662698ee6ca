package main

import (
	"io"
	"slices"
	"strings"

	"github.com/rs/zerolog"
)

// warnStrays names each variable of the environment that has our prefix and that no flag has: a limit that was misspelt bounds
// nothing, and without this nobody would hear of it. Variables of other sub-commands are left alone, because one file of them may be for
// all. It is no error, because others set variables, too: Kubernetes does so for each service, by its name.
func warnStrays(env []string, log zerolog.Logger) error {
	known, err := variables()
	if err != nil {
		return err
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, prefix) || value == "" || slices.Contains(known, name) {
			continue
		}
		line := log.Warn().Str("variable", name) // without its value, which may be a secret
		if meant := nearest(name, known); meant != "" {
			line = line.Str("did_you_mean", meant)
		}
		line.Msg("no flag has this variable: it changes nothing")
	}
	return nil
}

// variables are those of all flags.
func variables() (list []string, err error) {
	parser, err := newParser(io.Discard, io.Discard, nil, func() {})
	if err != nil {
		return nil, err
	}
	for _, node := range parser.Model.Leaves(true) {
		for _, flag := range node.Flags {
			if configurable(flag) {
				list = append(list, variable(flag))
			}
		}
	}
	return list, nil
}

// nearest is the one of known that a name was probably meant to be: at most a third of its letters are others. "" if there is none.
func nearest(name string, known []string) (meant string) {
	best := (len(name)-len(prefix))/3 + 1
	for _, k := range known {
		if d := distance(name, k); d < best {
			best, meant = d, k
		}
	}
	return meant
}

// distance is how many letters have to be put in, taken out or changed to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // of the beginning of a so far, to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
