package peer

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzFromThePeer feeds what another peer may say, over the server or the control channel, to all that decodes it.
func FuzzFromThePeer(f *testing.F) {
	for _, seed := range []string{
		`{"candidate":"candidate:0 2 UDP 2122252543 192.0.2.1 50001 typ host"}`, `{"candidate":null}`, `{"candidate":{"candidate":1}}`,
		`{"description":{"type":"offer","sdp":"v=0\r\na=candidate:0 2 UDP 1 x 1 typ host\r\n"}}`, `{"want":true}`, `{"close":0}`, `{"close":70000}`, `[]`, `1`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		ctx, end := context.WithCancelCause(context.Background())
		defer end(nil)
		c := newConnection(ctx, end, nil, false, 0)
		c.command(message{said, true})
		data, ours := sdkSignal(said)
		if !ours {
			return
		}
		if !json.Valid(said) {
			t.Fatalf("took %q for a signal", said)
		}
		if data.Candidate != nil {
			if got, ok, _ := parseCandidate(data.Candidate); ok && got.Candidate == "" {
				t.Fatalf("took %s for a candidate", data.Candidate)
			}
		}
		if data.Description != nil {
			sdp, _ := filterCandidates(data.Description.SDP, maxCandidates)
			for line := range strings.Lines(sdp) {
				if strings.HasPrefix(line, "a=candidate:") && secondComponent(line) {
					t.Fatalf("left %q in", line)
				}
			}
		}
	})
}
