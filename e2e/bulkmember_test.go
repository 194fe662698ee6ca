//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	runtimemetrics "runtime/metrics"

	"github.com/beckon-rtc/beckon/peer"
)

// bulkTask is what a program has to do that sends a lot to one that reads slowly, or is that reader. The reader takes a portion, and
// then nothing until so many messages on another channel have gone there and back: long enough for the sender to send whatever it can.
// testdata/bulk.js does the same.
type bulkTask struct {
	Server  string `json:"server"`
	Room    string `json:"room"`
	Sends   bool   `json:"sends"`
	Bytes   int    `json:"bytes"`   // altogether
	Message int    `json:"message"` // bytes of each message
	Portion int    `json:"portion"` // bytes that are read between two pauses
	Rounds  int    `json:"rounds"`  // of a pause
}

// bulkReport is what came of it, in bytes.
type bulkReport struct {
	Idle int `json:"idle"` // memory with the channels open and nothing sent
	Peak int `json:"peak"` // the most while everything went
	Took int `json:"took"` // of what the other side sent
}

// bulkMember is such a program.
type bulkMember struct {
	bulkTask
	report bulkReport
}

// playBulk prints the report as its only line.
func playBulk(task string) error {
	var m bulkMember
	if err := json.Unmarshal([]byte(task), &m.bulkTask); err != nil {
		return err
	}
	if err := m.run(context.Background()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m.report)
}

func (m *bulkMember) run(ctx context.Context) error {
	room, err := peer.Join(ctx, m.Server, m.Room, nil)
	if err != nil {
		return err
	}
	defer room.Close()
	p, err := room.Accept(ctx)
	if err != nil {
		return err
	}
	if m.Sends {
		return m.send(ctx, p)
	}
	return m.read(ctx, p)
}

// send sends everything, and answers what comes on the other channel.
func (m *bulkMember) send(ctx context.Context, p *peer.Peer) error {
	pace, err := p.Open(ctx, "pace", nil)
	if err != nil {
		return err
	}
	bulk, err := p.Open(ctx, "bulk", nil)
	if err != nil {
		return err
	}
	if err := m.answer(ctx, pace); err != nil { // the reader is there
		return err
	}
	m.begin()
	sent := make(chan error, 1)
	go func() {
		for n := 0; n < m.Bytes; n += m.Message {
			if err := bulk.Send(ctx, binaryAt(n, m.Message)); err != nil {
				sent <- err
				return
			}
		}
		sent <- bulk.CloseWrite(ctx)
	}()
	for {
		if err := m.answer(ctx, pace); err != nil {
			if peer.Code(err) == "closed" { // the reader has everything
				return <-sent
			}
			return err
		}
	}
}

// answer sends one message back.
func (m *bulkMember) answer(ctx context.Context, ch *peer.Channel) error {
	message, _, err := ch.Recv(ctx)
	if err != nil {
		return err
	}
	m.look()
	return ch.Send(ctx, message)
}

// read takes everything, with pauses.
func (m *bulkMember) read(ctx context.Context, p *peer.Peer) error {
	channels := make(map[string]*peer.Channel)
	for range 2 {
		ch, err := p.Accept(ctx)
		if err != nil {
			return err
		}
		channels[ch.Label()] = ch
	}
	bulk, pace := channels["bulk"], channels["pace"]
	if err := m.pause(ctx, pace, 1); err != nil {
		return err
	}
	m.begin()
	for n := 0; n < m.Bytes; n += m.Message {
		message, _, err := bulk.Recv(ctx)
		if err != nil {
			return err
		}
		if !bytes.Equal(message, binaryAt(n, m.Message)) {
			return fmt.Errorf("the message at %d is another one", n)
		}
		m.report.Took += len(message)
		if m.report.Took%m.Portion == 0 {
			if err := m.pause(ctx, pace, m.Rounds); err != nil {
				return err
			}
		}
	}
	return pace.Close()
}

// pause reads nothing of the bulk while messages go there and back.
func (m *bulkMember) pause(ctx context.Context, pace *peer.Channel, rounds int) error {
	for range rounds {
		if err := pace.Send(ctx, []byte("there")); err != nil {
			return err
		}
		if _, _, err := pace.Recv(ctx); err != nil {
			return err
		}
		m.look()
	}
	return nil
}

// begin notes the memory of a program that has not begun.
func (m *bulkMember) begin() {
	runtime.GC()
	m.report.Idle = goMemory()
}

func (m *bulkMember) look() { m.report.Peak = max(m.report.Peak, goMemory()) }

// goMemory is what Go's runtime has of the system and has not given back: heap, garbage and stacks, but not what a race detector adds.
func goMemory() int {
	samples := []runtimemetrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	runtimemetrics.Read(samples)
	return int(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// binaryAt makes a message that tells where it belongs: cheaply, because there are many.
func binaryAt(n, size int) []byte {
	b := make([]byte, size)
	copy(b, fmt.Sprintf("%d", n))
	return b
}
