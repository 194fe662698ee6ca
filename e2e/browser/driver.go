//go:build unix

package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// DriverFlag is what a browser of either kind must be started with, in Config.Flags, to be driven.
const DriverFlag = "--remote-debugging-port=0"

// listening is what the browsers say on stderr when they can be driven: Chromium by the DevTools protocol, Firefox by WebDriver BiDi.
var listening = regexp.MustCompile(`(?m)(?:DevTools|WebDriver BiDi) listening on (ws://\S+)$`)

// Driver works a browser's one page, in the same way whatever the browser is. Its methods may be called by several goroutines.
//
//	goroutine   owns                                     ends
//	read        what comes of the browser                with the connection, which Close and the browser's end break
type Driver struct {
	kind   Kind
	socket *websocket.Conn
	target string // Chromium's session with the page, Firefox's context
	read   chan struct{}

	mu      sync.Mutex
	last    int                   // the number of the last command; guarded by mu, as is writing
	waiting map[int]chan<- answer // by the number of the command; guarded by mu
	console []string              // the last lines; guarded by mu
	ended   error                 // why nothing comes any more; guarded by mu
}

// answer is what the browser says to a command: both protocols have the same few fields, less what is said of an error.
type answer struct {
	ID      int             `json:"id"`
	Method  string          `json:"method"` // of an event, which has no ID
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
	Message string          `json:"message"` // of Firefox's error
}

// Drive connects to a browser that was started with DriverFlag, and returns when its page can be worked. dial, if it is not nil, reaches
// it in another network namespace. The driver must be closed.
func (b *Browser) Drive(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Driver, error) {
	address, err := b.listens(ctx)
	if err != nil {
		return nil, err
	}
	if b.Kind == Firefox {
		address += "/session"
	}
	dialer := websocket.Dialer{NetDialContext: dial}
	socket, _, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		return nil, fmt.Errorf("browser: drive %s: %w", b.Kind, err)
	}
	d := &Driver{kind: b.Kind, socket: socket, read: make(chan struct{}), waiting: make(map[int]chan<- answer)}
	go d.run()
	if err := d.begin(ctx); err != nil {
		d.Close()
		return nil, fmt.Errorf("browser: drive %s: %w", b.Kind, err)
	}
	return d, nil
}

// listens waits for the browser to say where it listens.
func (b *Browser) listens(ctx context.Context) (string, error) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if found := listening.FindStringSubmatch(b.process.Stderr()); found != nil {
			return strings.TrimSuffix(found[1], "\r"), nil
		}
		select {
		case <-again.C:
		case <-b.Done():
			return "", fmt.Errorf("browser: drive %s: it has ended:\n%s", b.Kind, b.Stderr())
		case <-ctx.Done():
			return "", fmt.Errorf("browser: drive %s: it does not say where it listens: %w", b.Kind, ctx.Err())
		}
	}
}

// Close ends the connection; the browser stays.
func (d *Driver) Close() {
	d.socket.Close()
	<-d.read
}

// Console returns the last lines that the page wrote to its console, and what nobody caught.
func (d *Driver) Console() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.console...)
}

func (d *Driver) run() {
	defer close(d.read)
	for {
		var a answer
		if err := d.socket.ReadJSON(&a); err != nil {
			d.mu.Lock()
			d.ended = err
			for _, c := range d.waiting {
				close(c)
			}
			d.waiting = nil
			d.mu.Unlock()
			return
		}
		d.mu.Lock()
		if c, ok := d.waiting[a.ID]; ok && a.Method == "" {
			delete(d.waiting, a.ID)
			c <- a
		} else if a.Method == "Runtime.consoleAPICalled" || a.Method == "Runtime.exceptionThrown" || a.Method == "log.entryAdded" {
			if d.console = append(d.console, string(a.Params)); len(d.console) > 100 {
				d.console = d.console[1:]
			}
		}
		d.mu.Unlock()
	}
}

// call has the browser carry out a command, and decodes the result into result, which may be nil.
func (d *Driver) call(ctx context.Context, method string, params map[string]any, result any) error {
	done := make(chan answer, 1)
	d.mu.Lock()
	if d.ended != nil {
		d.mu.Unlock()
		return fmt.Errorf("%s: %w", method, d.ended)
	}
	d.last++
	command := map[string]any{"id": d.last, "method": method, "params": params}
	if d.kind == Chromium && d.target != "" {
		command["sessionId"] = d.target
	}
	d.waiting[d.last] = done
	err := d.socket.WriteJSON(command)
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case a, ok := <-done:
		if !ok {
			return fmt.Errorf("%s: the browser has ended", method)
		}
		if a.Error != nil {
			return fmt.Errorf("%s: %s %s", method, a.Error, a.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(a.Result, result)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// begin finds the page.
func (d *Driver) begin(ctx context.Context) error {
	if d.kind == Firefox {
		if err := d.call(ctx, "session.new", map[string]any{"capabilities": map[string]any{}}, nil); err != nil {
			return err
		}
		var tree struct{ Contexts []struct{ Context string } }
		if err := d.call(ctx, "browsingContext.getTree", map[string]any{"maxDepth": 0}, &tree); err != nil {
			return err
		}
		if len(tree.Contexts) == 0 {
			return errors.New("it has no page")
		}
		d.target = tree.Contexts[0].Context
		return d.call(ctx, "session.subscribe", map[string]any{"events": []string{"log.entryAdded"}}, nil)
	}
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	if err := d.call(ctx, "Target.getTargets", nil, &targets); err != nil {
		return err
	}
	for _, target := range targets.TargetInfos {
		if target.Type != "page" {
			continue
		}
		var attached struct{ SessionID string }
		if err := d.call(ctx, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
			return err
		}
		d.target = attached.SessionID
		return errors.Join(d.call(ctx, "Runtime.enable", nil, nil), d.call(ctx, "Page.enable", nil, nil), d.call(ctx, "DOM.enable", nil, nil))
	}
	return errors.New("it has no page")
}
