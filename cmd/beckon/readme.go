package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// configTableCmd makes the README's configuration from the flags themselves, so that the two cannot differ: `go
// generate` runs it and a test compares.
type configTableCmd struct {
	Write string `hidden:"" placeholder:"FILE" help:"Put the table into FILE, between its markers."`
}

// Run prints the table, or puts it into a file.
func (c *configTableCmd) Run(p *process) error {
	table, err := configTable()
	if err != nil {
		return err
	}
	return writeTable(p, c.Write, "configuration", table)
}

// writeTable prints a table, or puts it into a file, between the markers of that name.
func writeTable(p *process, file, name, table string) error {
	if file == "" {
		_, err := io.WriteString(p.stdout, table)
		return err
	}
	old, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cannot read the file to put the table into: %w", err)
	}
	text, err := between(old, name, []byte(table))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}

// configTable is Markdown: a table for each sub-command that has flags.
func configTable() (string, error) {
	parser, err := newParser(io.Discard, io.Discard, nil, func() {})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, node := range parser.Model.Leaves(true) {
		rows := 0
		for _, flag := range node.Flags {
			if !configurable(flag) {
				continue
			}
			if rows == 0 {
				fmt.Fprintf(&b, "`beckon %s`\n\n| flag | variable | default | |\n|---|---|---|---|\n", summary(node))
			}
			rows++
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", flagForm(flag), variable(flag), defaultOf(flag.Value), flag.Help)
		}
		if rows > 0 {
			b.WriteString("\n")
		}
	}
	return b.String(), nil
}

// summary is the path of a sub-command with its arguments: those that may be left out in brackets, those that may be several with dots.
func summary(node *kong.Node) string {
	s := node.Path()
	for _, arg := range node.Positional {
		form := strings.ToUpper(arg.Name)
		if arg.IsCumulative() {
			form += "…"
		}
		if !arg.Required {
			form = "[" + form + "]"
		}
		s += " " + form
	}
	return s
}

func flagForm(flag *kong.Flag) string {
	if flag.IsBool() {
		return "--" + flag.Name
	}
	return "--" + flag.Name + " " + flag.FormatPlaceHolder()
}

// between replaces what is between the two markers of a name.
func between(text []byte, name string, table []byte) ([]byte, error) {
	begin, end := "<!-- begin generated: "+name+" -->\n", "<!-- end generated: "+name+" -->"
	head, rest, ok := bytes.Cut(text, []byte(begin))
	_, tail, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return nil, fmt.Errorf("the markers %q and %q are missing", strings.TrimSpace(begin), end)
	}
	return bytes.Join([][]byte{head, []byte(begin), table, []byte(end), tail}, nil), nil
}
