//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
)

const (
	loopback = "127.0.0.1"
	secret   = "the secret of a benchmark" // of both servers, which are reachable on loopback only
)

// server is one of the two that are compared.
type server struct {
	name string
	path string
	args func(port int, dir string) []string
}

func beckonServer(path string) server {
	return server{"beckon", path, func(port int, _ string) []string {
		return []string{"turn", "--listen", net.JoinHostPort(loopback, strconv.Itoa(port)), "--secret", secret,
			"--turn-allow-local", "--admin", "none"}
	}}
}

// coturnServer is coturn with its own defaults, which are a thread for each core, less what would need files or rights.
func coturnServer() server {
	return server{"coturn", "turnserver", func(port int, dir string) []string {
		return []string{"-n", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp", "--allow-loopback-peers",
			"--listening-ip", loopback, "--relay-ip", loopback, "--listening-port", strconv.Itoa(port),
			"--use-auth-secret", "--static-auth-secret", secret, "--realm", "bench",
			"--log-file", "stdout", "--pidfile", filepath.Join(dir, "pid"), "--userdb", filepath.Join(dir, "db")}
	}}
}

// start runs the server and waits until it answers.
func (s server) start(ctx context.Context, dir string) (p *process.Process, port int, err error) {
	port, err = freePort()
	if err != nil {
		return nil, 0, err
	}
	p, err = process.Start(ctx, process.Config{Path: s.path, Args: s.args(port, dir)})
	if err != nil {
		return nil, 0, err
	}
	if err := answers(ctx, p, port); err != nil {
		p.Close()
		return nil, 0, fmt.Errorf("%w\n%s", err, p.Stderr())
	}
	return p, port, nil
}

// startPeer runs coturn's echoing peer. It listens on the port after as well.
func startPeer(ctx context.Context) (p *process.Process, port int, err error) {
	port, err = freePort()
	if err != nil {
		return nil, 0, err
	}
	p, err = process.Start(ctx, process.Config{Path: "turnutils_peer", Args: []string{"-L", loopback, "-p", strconv.Itoa(port)}})
	if err != nil {
		return nil, 0, err
	}
	if err := answers(ctx, p, port); err != nil {
		p.Close()
		return nil, 0, err
	}
	return p, port, nil
}

// freePort is one that nobody has just now, and whose successor is below the ports that relays get.
func freePort() (int, error) {
	for range 100 {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(loopback)})
		if err != nil {
			return 0, err
		}
		port := c.LocalAddr().(*net.UDPAddr).Port
		_ = c.Close()
		if port < 49151 {
			return port, nil
		}
	}
	return 0, errors.New("there is no free port below 49151")
}

// answers asks with Binding requests (RFC 8489) until an answer comes: a STUN server's, or that of who echoes.
func answers(ctx context.Context, p *process.Process, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.ParseIP(loopback), Port: port})
	if err != nil {
		return err
	}
	defer c.Close()
	request := make([]byte, 20)
	binary.BigEndian.PutUint16(request, 0x0001)
	binary.BigEndian.PutUint32(request[4:], 0x2112A442)
	_, _ = rand.Read(request[8:])
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, _ = c.Write(request) // refused until the server listens
		_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1500)); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.Done():
			return fmt.Errorf("it has ended at once: %v", p.Err())
		case <-ctx.Done():
			return errors.New("it does not answer")
		}
	}
}
