package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// healthCmd asks a server on this machine how it is. It is for where there is no other program to ask with, as in the container.
type healthCmd struct {
	adminFlags
}

// Help is what --help says before the flags.
func (healthCmd) Help() string {
	return "The exit code is 0 if it is in service, and 1 if it is ending or does not answer within 5 s: for the HEALTHCHECK of a container, and for scripts."
}

// Run asks once.
func (c *healthCmd) Run(ctx context.Context, p *process) error {
	a, err := c.adminAddress(false)
	switch {
	case err != nil:
		return err
	case a == nil:
		return usagef("--admin none leaves nobody to ask: name the address that the server has, like 127.0.0.1:9478")
	case a.host == "":
		a.host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.String()+"/readyz", nil)
	if err != nil {
		return err
	}
	// Of its own, without the proxies of the environment and without connections that outlive it.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer at %s: is `beckon serve` running, with that --admin? (%w)", a, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("no whole answer at %s: %w", a, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	_, err = p.stdout.Write(text)
	return err
}
