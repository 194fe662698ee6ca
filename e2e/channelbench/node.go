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

//go:embed load.mjs
var loadScript []byte

// foreign are stacks of other kinds, in Node: npm packages that have the browsers' RTCPeerConnection.
var foreign = []variant{
	{name: "libdatachannel", npm: "node-datachannel/polyfill"}, // C++, with usrsctp
	{name: "libwebrtc", npm: "@roamhq/wrtc"},                   // the browsers' own
}

// others are those of them that are installed in the folder of the options.
func (b *bench) others() (installed []variant) {
	for _, v := range foreign {
		if b.options.node == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(b.options.node, "node_modules", v.folder())); err == nil {
			installed = append(installed, v)
		}
	}
	return installed
}

// pairInNode is pair for two ends in Node.
func (b *bench) pairInNode(v variant, do func(first, second *remote) error) error {
	script := filepath.Join(b.dir, "end.mjs")
	if err := os.WriteFile(script, nodeEnd, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dir, "load.mjs"), loadScript, 0o600); err != nil {
		return err
	}
	first, err := b.startProgram(v, "node", script, b.options.node, v.npm)
	if err != nil {
		return err
	}
	defer first.close()
	second, err := b.startProgram(v, "node", script, b.options.node, v.npm)
	if err != nil {
		return err
	}
	defer second.close()
	return do(first, second)
}

// connectInNode is connect for two of them: their signals go through this process.
func connectInNode(first, second *remote) error {
	var offer, answer json.RawMessage
	nothing := json.RawMessage("{}")
	for _, step := range []struct {
		end         *remote
		method      string
		args, reply *json.RawMessage
	}{
		{second, "Offer", &nothing, &offer},
		{first, "Answer", &offer, &answer},
		{second, "Accept", &answer, new(json.RawMessage)},
		{second, "Opened", &nothing, new(json.RawMessage)},
		{first, "Opened", &nothing, new(json.RawMessage)},
	} {
		if err := step.end.call(step.method, step.args, step.reply); err != nil {
			return err
		}
	}
	return nil
}
