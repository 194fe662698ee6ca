package delivery

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("delivery.update", false, "write the effects into the vectors; read the difference before you commit it")

// The vectors are what the TypeScript port is held to, line by line; here they also keep the rules from changing unnoticed.
func TestVectors(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d vectors: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var v vector
			if err := json.Unmarshal(want, &v); err != nil {
				t.Fatal(err)
			}
			machine := New(configOf(t, v.Config))
			for i := range v.Steps {
				v.Steps[i].Effects = machine.Step(v.Steps[i].Event)
			}
			got := v.encode(t)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			wanted, lines := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
			for i := range min(len(wanted), len(lines)) {
				if !bytes.Equal(wanted[i], lines[i]) {
					t.Fatalf("line %d:\n got %s\nwant %s", i+1, lines[i], wanted[i])
				}
			}
			if len(wanted) != len(lines) {
				t.Fatalf("%d lines, want %d", len(lines), len(wanted))
			}
		})
	}
}

// encode writes a vector with one step a line.
func (v vector) encode(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	write := func(value any, end string) {
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(value); err != nil {
			t.Fatal(err)
		}
		b.Truncate(b.Len() - 1)
		b.WriteString(end)
	}
	b.WriteString("{\n \"name\": ")
	write(v.Name, ",\n \"why\": ")
	write(v.Why, ",\n \"config\": ")
	write(v.Config, ",\n \"steps\": [\n")
	for i, s := range v.Steps {
		b.WriteString("  ")
		if i < len(v.Steps)-1 {
			write(s, ",\n")
		} else {
			write(s, "\n")
		}
	}
	b.WriteString(" ]\n}\n")
	return b.Bytes()
}

// The longest vector is a machine's part in a simulation, in which everything happens to it. Simulated again, it is the same: a
// machine depends on nothing but its events.
func TestRecorded(t *testing.T) {
	t.Parallel()
	record := func() []byte {
		var steps []step
		simulate(recordedSeed, intact, &steps)
		return vector{
			Name:   "recorded",
			Why:    fmt.Sprintf("The first steps of a client in the simulation of seed %d.", recordedSeed),
			Config: map[string]any{"room": "tea", "peer": "ada", "instance": "0000000000000001"},
			Steps:  steps[:min(recordedSteps, len(steps))],
		}.encode(t)
	}
	first, second := record(), record()
	if !bytes.Equal(first, second) {
		t.Error("the same seed went two ways")
	}
	if *update {
		if err := os.WriteFile("testdata/recorded.json", first, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	recordedSeed  = 30
	recordedSteps = 1500
)
