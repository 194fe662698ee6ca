//go:build linux

package main

import (
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
)

//go:embed end.mjs
var nodeEnd []byte

// libwebrtc is a stack of another kind: the browsers' own, in Node.
var libwebrtc = variant{name: "libwebrtc"}

// pairInNode is pair for two ends in Node, which are connected.
func (b *bench) pairInNode(do func(first, second *remote) error) error {
	script := filepath.Join(b.dir, "end.mjs")
	if err := os.WriteFile(script, nodeEnd, 0o600); err != nil {
		return err
	}
	first, err := b.startProgram(libwebrtc, "node", script, b.options.wrtc)
	if err != nil {
		return err
	}
	defer first.close()
	offers := libwebrtc
	offers.env = []string{"OFFERS=1"}
	second, err := b.startProgram(offers, "node", script, b.options.wrtc)
	if err != nil {
		return err
	}
	defer second.close()
	var offer, answer json.RawMessage
	for _, step := range []struct {
		end         *remote
		method      string
		args, reply *json.RawMessage
	}{
		{second, "Offer", new(json.RawMessage("{}")), &offer},
		{first, "Answer", &offer, &answer},
		{second, "Accept", &answer, new(json.RawMessage)},
		{second, "Opened", new(json.RawMessage("{}")), new(json.RawMessage)},
		{first, "Opened", new(json.RawMessage("{}")), new(json.RawMessage)},
	} {
		if err := step.end.call(step.method, step.args, step.reply); err != nil {
			return err
		}
	}
	return do(first, second)
}
