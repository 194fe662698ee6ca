//go:build unix

package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
)

// labTask is what a Go program in a lab has to do: join a room, meet the only other member, and exchange numbered messages with it
// over a reliable channel until it is told to stop, or Messages in each direction.
type labTask struct {
	Server   string        `json:"server"`
	Room     string        `json:"room"`
	Opens    bool          `json:"opens"`    // the channel, instead of accepting it
	Messages int           `json:"messages"` // 0 is until SIGUSR1
	Every    time.Duration `json:"every"`    // between two messages
	Size     int           `json:"size"`     // bytes that a message is filled up with
	Root     string        `json:"root"`     // a file with the certificate of whoever certifies the server; "" leaves that to the system
	Verbose  bool          `json:"verbose"`  // log what the packages say
}

// labNews is a line that the program prints: each has what came since the last, and all that holds at the moment.
type labNews struct {
	// What is "joined", "open", "beat" every labBeat from then on, or "done".
	What string `json:"what"`
	// Opening is how long it took from the call of Join to the open channel. The other member was there before.
	Opening time.Duration `json:"opening"`
	Relayed bool          `json:"relayed"`
	// Protocol is what this side's packets go in, and Relay how the relay is reached, if it is one of this side: "udp", "tcp" or "tls".
	Protocol string `json:"protocol"`
	Relay    string `json:"relay"`
	Pair     string `json:"pair"`  // of candidates, by their types
	State    string `json:"state"` // of the peer
	Said     int    `json:"said"`  // messages
	Heard    int    `json:"heard"`
	// SaidAt is when the last message that was heard was said, in microseconds since 1970: the machine has one clock.
	SaidAt int64 `json:"saidAt"`
	// Silence is the longest time without a message.
	Silence time.Duration `json:"silence"`
	// Wrong is the first message that was not the next one.
	Wrong string `json:"wrong"`
}

// labBeat is how often a member says how things are.
const labBeat = 250 * time.Millisecond

// labMember is a Go program in a lab.
type labMember struct {
	labTask
	stop chan struct{} // closed by SIGUSR1

	mu   sync.Mutex
	news labNews // guarded by mu
}

func playLab(task string) error {
	m := &labMember{stop: make(chan struct{})}
	if err := json.Unmarshal([]byte(task), &m.labTask); err != nil {
		return err
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		<-told
		close(m.stop)
	}()
	return m.run(context.Background())
}

func (m *labMember) run(ctx context.Context) error {
	config := &peer.Config{DisableMDNS: true}
	if m.Root != "" {
		root, err := os.ReadFile(m.Root)
		if err != nil {
			return err
		}
		config.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		config.TLS.RootCAs.AppendCertsFromPEM(root)
	}
	if m.Verbose {
		config.Logger = zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: true, TimeFormat: "05.000"}).With().Timestamp().Logger()
	}
	began := time.Now()
	room, err := peer.Join(ctx, m.Server, m.Room, config)
	if err != nil {
		return err
	}
	m.tell("joined", nil)
	p, err := room.Accept(ctx)
	if err != nil {
		return err
	}
	var ch *peer.Channel
	if m.Opens {
		ch, err = p.Open(ctx, "lab", nil)
	} else {
		ch, err = p.Accept(ctx)
	}
	if err != nil {
		return err
	}
	opening := time.Since(began)
	if err := m.lookAtPath(ctx, p); err != nil {
		return err
	}
	m.tell("open", func(n *labNews) { n.Opening = opening })
	beating := make(chan struct{})
	go m.beat(p, beating)
	err = parallel(ctx, []func(context.Context) error{
		func(ctx context.Context) error { return m.say(ctx, p, ch) },
		func(ctx context.Context) error { return m.hear(ctx, ch) },
	})
	if err != nil {
		return err
	}
	close(beating)
	// Closing delivers what was said.
	if err := room.Close(); err != nil {
		return err
	}
	m.tell("done", nil)
	return nil
}

// say sends the numbers, and an end: who has heard that may leave.
func (m *labMember) say(ctx context.Context, p *peer.Peer, ch *peer.Channel) error {
	filling := make([]byte, m.Size)
	for i := range filling {
		filling[i] = 'x'
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	stopped := false
	for n := 1; !stopped && (m.Messages == 0 || n <= m.Messages); n++ {
		if m.Every > 0 {
			pause.Reset(m.Every)
			select {
			case <-pause.C:
			case <-m.stop:
				stopped = true
			}
		}
		if err := ch.SendText(ctx, fmt.Sprintf("%d %d %s", n, time.Now().UnixMicro(), filling)); err != nil {
			return fmt.Errorf("say %d: %w", n, err)
		}
		m.note(func(news *labNews) { news.Said = n })
	}
	if err := m.lookAtPath(ctx, p); err != nil {
		return err
	}
	return ch.SendText(ctx, "end")
}

// hear receives the other's numbers, and checks that each is the next.
func (m *labMember) hear(ctx context.Context, ch *peer.Channel) error {
	last := time.Now()
	for next := 1; ; next++ {
		message, _, err := ch.Recv(ctx)
		if err != nil {
			return fmt.Errorf("hear %d: %w", next, err)
		}
		if string(message) == "end" {
			return nil
		}
		var number int
		var at int64
		if _, err := fmt.Sscan(string(message), &number, &at); err != nil {
			return fmt.Errorf("hear %d: %.40q: %w", next, message, err)
		}
		now := time.Now()
		m.note(func(n *labNews) {
			if number != next && n.Wrong == "" {
				n.Wrong = fmt.Sprintf("%d came instead of %d", number, next)
			}
			n.Heard, n.SaidAt, n.Silence = n.Heard+1, at, max(n.Silence, now.Sub(last))
		})
		last = now
	}
}

// beat tells how things are until done is closed.
func (m *labMember) beat(p *peer.Peer, done <-chan struct{}) {
	ticker := time.NewTicker(labBeat)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.tell("beat", func(n *labNews) { n.State = string(p.State()) })
		case <-done:
			return
		}
	}
}

// lookAtPath notes the way to the peer, as the SDK has it and as Pion has it. For a moment there may be none: that of a connection
// that has just been repaired is looked for once more.
func (m *labMember) lookAtPath(ctx context.Context, p *peer.Peer) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		path, err := p.Path(ctx)
		var local, remote candidate
		if err == nil {
			local, remote, err = selectedCandidates(p)
		}
		if err == nil {
			m.note(func(n *labNews) {
				n.Relayed, n.Protocol, n.Relay = path.Relayed, path.Protocol, local.RelayProtocol
				n.Pair = local.CandidateType + "-" + remote.CandidateType
			})
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("there is no path: %w", err)
		}
	}
}

func (m *labMember) note(f func(*labNews)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.news)
}

// tell prints how things are. set, which may be nil, changes them first.
func (m *labMember) tell(what string, set func(*labNews)) {
	m.note(func(n *labNews) {
		if n.What = what; set != nil {
			set(n)
		}
		line, err := json.Marshal(n)
		if err == nil {
			fmt.Println(string(line))
		}
	})
}

// newsReader is the stdout of a labMember: it makes the lines labNews again.
type newsReader struct {
	buf  []byte
	news chan labNews
}

func (r *newsReader) Write(b []byte) (int, error) {
	r.buf = append(r.buf, b...)
	for {
		advance, line, _ := bufio.ScanLines(r.buf, false)
		if advance == 0 {
			return len(b), nil
		}
		var n labNews
		if err := json.Unmarshal(line, &n); err != nil {
			return 0, fmt.Errorf("a line that is no news: %q: %w", line, err)
		}
		r.buf = r.buf[advance:]
		select {
		case r.news <- n:
		default: // nobody has read for a long time, and each has all
		}
	}
}
