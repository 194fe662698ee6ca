package peer

import (
	"encoding/json"
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// parseCandidate reads the candidate of a signal. ok is false for one that is to be left out: the end of candidates, which
// Pion has no use for, and those of another component than 1.
//
// Component 2 is RTCP's (RFC 8445, section 13). Firefox offers such candidates although nothing is sent there, and Pion takes
// them for more ways to component 1.
func parseCandidate(raw json.RawMessage) (c webrtc.ICECandidateInit, ok bool, err error) {
	if string(raw) == "null" {
		return c, false, nil
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, false, protocol.Errorf(protocol.CodeBadFrame, "the candidate is not an RTCIceCandidateInit")
	}
	return c, c.Candidate != "" && !secondComponent(c.Candidate), nil
}

// secondComponent reads the second field of RFC 8839, section 5.1: `candidate:foundation component transport …`.
func secondComponent(candidate string) bool {
	fields := strings.Fields(strings.TrimPrefix(candidate, "a="))
	return len(fields) > 1 && strings.HasPrefix(fields[0], "candidate:") && fields[1] != "1"
}

// filterCandidates takes such candidates out of an SDP, and those beyond the first most; it returns how many are left.
func filterCandidates(sdp string, most int) (filtered string, left int) {
	if !strings.Contains(sdp, "a=candidate:") {
		return sdp, 0
	}
	var out strings.Builder
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "a=candidate:") {
			if left >= most || secondComponent(line) {
				continue
			}
			left++
		}
		out.WriteString(line)
	}
	return out.String(), left
}
