// Command tsgen writes what TypeScript and the specification must share with Go: the SDK's protocol_gen.ts, from the Go types
// and the tables of codes, and the tables of codes in README.md. Run it with `go generate ./signaling/protocol`.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func main() {
	out := flag.String("out", "", "the TypeScript `file` to write")
	flag.Parse()
	if err := run(".", *out); err != nil {
		fmt.Fprintln(os.Stderr, "tsgen:", err)
		os.Exit(1)
	}
}

// run reads the Go sources and README.md in dir, and writes the TypeScript file and README.md.
func run(dir, out string) error {
	ts, err := typescript(dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, ts, 0o644); err != nil {
		return err
	}
	readme, err := specification(dir)
	if err != nil {
		return err
	}
	return os.WriteFile(dir+"/README.md", readme, 0o644)
}

// specification returns README.md with its tables of codes as the Go tables have them.
func specification(dir string) ([]byte, error) {
	readme, err := os.ReadFile(dir + "/README.md")
	if err != nil {
		return nil, err
	}
	var errors, closes bytes.Buffer
	errors.WriteString("| code | raised by | meaning |\n|---|---|---|\n")
	for _, e := range protocol.ErrorCodes() {
		by := "SDK"
		if e.FromServer {
			by = "server"
		}
		fmt.Fprintf(&errors, "| `%s` | %s | %s |\n", e.Code, by, e.Text)
	}
	closes.WriteString("| code | name | reconnect | meaning |\n|---|---|---|---|\n")
	for _, c := range protocol.CloseCodes() {
		reconnect := "no"
		if c.Code.Reconnect() {
			reconnect = "yes"
		}
		fmt.Fprintf(&closes, "| %d | `%s` | %s | %s |\n", c.Code, c.Name, reconnect, c.Text)
	}
	if readme, err = between(readme, "errors", errors.Bytes()); err != nil {
		return nil, err
	}
	return between(readme, "closes", closes.Bytes())
}

// between replaces what stands between the markers of that name.
func between(doc []byte, name string, text []byte) ([]byte, error) {
	begin, end := fmt.Sprintf("<!-- begin generated: %s -->\n", name), fmt.Sprintf("<!-- end generated: %s -->", name)
	head, rest, ok := bytes.Cut(doc, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("README.md has no markers %q", name)
	}
	return bytes.Join([][]byte{head, []byte(begin), text, []byte(end), tail}, nil), nil
}
