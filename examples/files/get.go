package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/beckon-rtc/beckon/peer"
)

// get writes a file of the first peer that serves some to the standard output.
func get(ctx context.Context, link peer.Link, path string) error {
	room, err := peer.Join(ctx, link.Server, link.Room, &peer.Config{Secret: link.Secret})
	if err != nil {
		return err
	}
	defer room.Close()
	p, err := serving(ctx, room)
	if err != nil {
		return err
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return p.Dial(ctx, label) }}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://peer"+path, nil) // the host says nothing here
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: %s", path, resp.Status)
	}
	_, err = io.Copy(os.Stdout, resp.Body)
	return err
}

// serving waits for a peer that says that it serves files.
func serving(ctx context.Context, room *peer.Room) (*peer.Peer, error) {
	for {
		p, err := room.Accept(ctx)
		if err != nil {
			return nil, err
		}
		var a about
		if json.Unmarshal(p.Attributes(), &a) == nil && a.Files {
			return p, nil
		}
	}
}
