//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// count says the numbers of a sequence.
func (m *member) count(ctx context.Context, sequence string, say func(number) error) error {
	for n := (number{N: 1}); !n.Last; n.N++ {
		select {
		case <-time.After(m.untilTick()):
		case <-m.stop:
			n.Last = true
		case <-ctx.Done():
			return ctx.Err()
		}
		began := time.Now().UnixMicro()
		if sequence == "room" {
			m.note(func() { m.said = n.N })
		}
		if err := say(n); err != nil {
			return fmt.Errorf("%s, number %d: %w", sequence, n.N, err)
		}
		m.note(func() {
			m.account.Sent[sequence] = append(m.account.Sent[sequence], [2]int64{began, time.Now().UnixMicro()})
			if _, ok := m.settled[sequence]; ok {
				m.settled[sequence] = began
			}
			if n.Last {
				m.close()
			}
		})
	}
	return nil
}

// untilTick is how long it is until everybody speaks again.
func (m *member) untilTick() time.Duration {
	return time.Duration(m.Every*1000-time.Now().UnixMicro()%(m.Every*1000)) * time.Microsecond
}

// heard takes a number that came, and tells whether it is the last of its sequence.
func (m *member) heard(sequence string, data []byte, streams bool) (last bool, err error) {
	var n number
	if err := json.Unmarshal(data, &n); err != nil {
		return false, fmt.Errorf("%s: %s: %w", sequence, data, err)
	}
	if streams {
		sequence = fmt.Sprintf("%s/%d", sequence, n.Stream)
	}
	m.note(func() {
		m.account.Heard[sequence] = append(m.account.Heard[sequence], n.N)
		if n.Last {
			m.close()
		}
	})
	return n.Last, nil
}

// close counts a sequence that came to its end, and tells when it was the last. m.mu must be held.
func (m *member) close() {
	if m.open--; m.open == 0 {
		go m.post("/note", note{Name: m.Name, What: "complete"})
	}
}

// tell tells at each tick how far this member has come.
func (m *member) tell(ctx context.Context) error {
	for {
		select {
		case <-time.After(m.untilTick()):
		case <-ctx.Done():
			return ctx.Err()
		}
		n := note{Name: m.Name, What: "progress", Since: time.Now().UnixMicro()}
		m.note(func() {
			n.Peers = m.met
			for _, said := range m.settled {
				n.Since = min(n.Since, said)
			}
		})
		if err := m.post("/note", n); err != nil {
			return err
		}
	}
}

// final is the account at the end. Nothing is said any more; if something comes all the same, it comes after the account.
func (m *member) final() account {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account
	a.Heard = maps.Clone(a.Heard)
	a.Surprises = slices.Clone(a.Surprises)
	for _, p := range m.room.Peers() {
		a.States[nameOf(p)] = string(p.State())
	}
	return a
}

func (m *member) surprise(format string, args ...any) {
	m.note(func() { m.account.Surprises = append(m.account.Surprises, fmt.Sprintf(format, args...)) })
}

func (m *member) note(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func (m *member) post(path string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	response, err := http.Post(m.Desk+path, "text/plain", bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return err
}

// await waits until the test begins the phase.
func (m *member) await(phase string) error {
	response, err := http.Get(m.Desk + "/phase/" + phase)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// nameOf is what the peer calls itself.
func nameOf(p *peer.Peer) string {
	var attributes struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(p.Attributes(), &attributes) != nil {
		return ""
	}
	return attributes.Name
}

// quiet passes on what a logger writes, less Pion's own debugging: hundreds of lines per connection.
type quiet struct{ io.Writer }

func (q quiet) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(`"level":"debug"`)) && bytes.Contains(b, []byte(`"message":"pion"`)) {
		return len(b), nil
	}
	return q.Writer.Write(b)
}
