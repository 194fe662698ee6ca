package main

import (
	"bytes"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What is committed must be what would be generated now.
func TestNoDrift(t *testing.T) {
	ts, err := typescript("..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := specification("..")
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{"../../../web/sdk/src/protocol_gen.ts": ts, "../README.md": readme} {
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s has drifted from the Go tables: run go generate ./signaling/protocol", file)
		}
	}
}
