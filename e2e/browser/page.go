//go:build unix

package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Eval evaluates an expression in the page, as the user's own doing, waits for it if it is a promise, and decodes what JSON makes of it
// into result, which may be nil.
func (d *Driver) Eval(ctx context.Context, expression string, result any) error {
	wrapped := "(async () => JSON.stringify((await (" + expression + ")) ?? null))()"
	var text string
	if d.kind == Firefox {
		var got struct {
			Type             string
			Result           struct{ Value string }
			ExceptionDetails struct{ Text string }
		}
		err := d.call(ctx, "script.evaluate", map[string]any{
			"expression": wrapped, "target": map[string]any{"context": d.target}, "awaitPromise": true, "userActivation": true,
		}, &got)
		if err != nil {
			return err
		}
		if got.Type != "success" {
			return fmt.Errorf("evaluate %s: %s", expression, got.ExceptionDetails.Text)
		}
		text = got.Result.Value
	} else {
		var got struct {
			Result           struct{ Value string }
			ExceptionDetails *struct {
				Text      string
				Exception struct{ Description string }
			}
		}
		err := d.call(ctx, "Runtime.evaluate", map[string]any{
			"expression": wrapped, "awaitPromise": true, "returnByValue": true, "userGesture": true,
		}, &got)
		if err != nil {
			return err
		}
		if e := got.ExceptionDetails; e != nil {
			return fmt.Errorf("evaluate %s: %s %s", expression, e.Text, e.Exception.Description)
		}
		text = got.Result.Value
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal([]byte(text), result)
}

// SetFiles has the user choose these files in the <input type=file> that the selector finds.
func (d *Driver) SetFiles(ctx context.Context, selector string, paths ...string) error {
	if d.kind == Firefox {
		var found struct{ Nodes []struct{ SharedID string } }
		err := d.call(ctx, "browsingContext.locateNodes", map[string]any{
			"context": d.target, "locator": map[string]any{"type": "css", "value": selector},
		}, &found)
		if err != nil {
			return err
		}
		if len(found.Nodes) != 1 {
			return fmt.Errorf("set files: %d elements are %s", len(found.Nodes), selector)
		}
		return d.call(ctx, "input.setFiles", map[string]any{
			"context": d.target, "element": map[string]any{"sharedId": found.Nodes[0].SharedID}, "files": paths,
		}, nil)
	}
	var document struct{ Root struct{ NodeID int } }
	if err := d.call(ctx, "DOM.getDocument", nil, &document); err != nil {
		return err
	}
	var node struct{ NodeID int }
	if err := d.call(ctx, "DOM.querySelector", map[string]any{"nodeId": document.Root.NodeID, "selector": selector}, &node); err != nil {
		return err
	}
	return d.call(ctx, "DOM.setFileInputFiles", map[string]any{"nodeId": node.NodeID, "files": paths}, nil)
}

// Navigate opens an address, and returns when its page has been loaded; "" loads the page anew.
func (d *Driver) Navigate(ctx context.Context, address string) error {
	if address == "" {
		if err := d.Eval(ctx, "location.href", &address); err != nil {
			return err
		}
		if d.kind == Chromium {
			// What was there is gone when this is answered by the next page.
			if err := d.Eval(ctx, "globalThis.before = true", nil); err != nil {
				return err
			}
			return errors.Join(d.call(ctx, "Page.reload", nil, nil), d.loaded(ctx))
		}
		return d.call(ctx, "browsingContext.reload", map[string]any{"context": d.target, "wait": "complete"}, nil)
	}
	if d.kind == Firefox {
		return d.call(ctx, "browsingContext.navigate", map[string]any{"context": d.target, "url": address, "wait": "complete"}, nil)
	}
	if err := d.Eval(ctx, "globalThis.before = true", nil); err != nil {
		return err
	}
	return errors.Join(d.call(ctx, "Page.navigate", map[string]any{"url": address}, nil), d.loaded(ctx))
}

// loaded waits until there is another page than that before. While one takes the other's place nothing can be evaluated.
func (d *Driver) loaded(ctx context.Context) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		var done bool
		if err := d.Eval(ctx, "!globalThis.before && document.readyState === 'complete'", &done); err == nil && done {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("the page is not loaded: %w", ctx.Err())
		}
	}
}

// Screenshot returns a picture of what the page shows, as PNG.
func (d *Driver) Screenshot(ctx context.Context) ([]byte, error) {
	var shot struct{ Data string }
	var err error
	if d.kind == Firefox {
		err = d.call(ctx, "browsingContext.captureScreenshot", map[string]any{"context": d.target}, &shot)
	} else {
		err = d.call(ctx, "Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

// Size gives the page so many CSS pixels, which may be a phone's.
func (d *Driver) Size(ctx context.Context, width, height int) error {
	if d.kind == Firefox {
		return d.call(ctx, "browsingContext.setViewport", map[string]any{
			"context": d.target, "viewport": map[string]any{"width": width, "height": height},
		}, nil)
	}
	return d.call(ctx, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
	}, nil)
}

// Drop has the user drag files and folders over the page, in Chromium, and drop them there. Firefox's protocol has nothing of the kind.
func (d *Driver) Drop(ctx context.Context, paths ...string) error {
	if d.kind != Chromium {
		return fmt.Errorf("drop: %s cannot be told to", d.kind)
	}
	const copies = 1 // what may be done with them
	for _, event := range []string{"dragEnter", "dragOver", "drop"} {
		err := d.call(ctx, "Input.dispatchDragEvent", map[string]any{
			"type": event, "x": 100, "y": 100,
			"data": map[string]any{"items": []any{}, "files": paths, "dragOperationsMask": copies},
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}
