//go:build unix

package browser

import (
	"context"
	"errors"
)

// Key is a key that does something else than to write a character.
type Key struct {
	name  string // of a KeyboardEvent (W3C UI Events KeyboardEvent key Values)
	code  int    // of Windows, by which Chromium knows it
	value string // of WebDriver (W3C WebDriver, section 17.4.2)
	text  string // what Chromium takes it to write
}

// The keys with which a page is worked without a mouse.
var (
	Tab    = Key{"Tab", 9, "\uE004", ""}
	Enter  = Key{"Enter", 13, "\uE007", "\r"}
	Escape = Key{"Escape", 27, "\uE00C", ""}
)

// shift is what WebDriver calls the shift key, and shifted is its bit in Chromium's modifiers.
const (
	shift   = "\uE008"
	shifted = 8
)

// Press presses a key and lets it go, as somebody at the keyboard would; with the shift key, if withShift.
func (d *Driver) Press(ctx context.Context, key Key, withShift bool) error {
	if d.kind == Firefox {
		var actions []map[string]any
		act := func(kind, value string) {
			actions = append(actions, map[string]any{"type": kind, "value": value})
		}
		if withShift {
			act("keyDown", shift)
		}
		act("keyDown", key.value)
		act("keyUp", key.value)
		if withShift {
			act("keyUp", shift)
		}
		return d.keys(ctx, actions)
	}
	modifiers := 0
	if withShift {
		modifiers = shifted
	}
	down := map[string]any{"type": "rawKeyDown", "key": key.name, "code": key.name, "windowsVirtualKeyCode": key.code, "modifiers": modifiers}
	if key.text != "" {
		down["type"], down["text"] = "keyDown", key.text
	}
	up := map[string]any{"type": "keyUp", "key": key.name, "code": key.name, "windowsVirtualKeyCode": key.code, "modifiers": modifiers}
	return errors.Join(d.call(ctx, "Input.dispatchKeyEvent", down, nil), d.call(ctx, "Input.dispatchKeyEvent", up, nil))
}

// Type writes a text where the page has its focus.
func (d *Driver) Type(ctx context.Context, text string) error {
	if d.kind == Chromium {
		return d.call(ctx, "Input.insertText", map[string]any{"text": text}, nil)
	}
	var actions []map[string]any
	for _, r := range text {
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(r)}, map[string]any{"type": "keyUp", "value": string(r)})
	}
	return d.keys(ctx, actions)
}

// keys has Firefox carry out what a keyboard does.
func (d *Driver) keys(ctx context.Context, actions []map[string]any) error {
	return d.call(ctx, "input.performActions", map[string]any{
		"context": d.target, "actions": []map[string]any{{"type": "key", "id": "keyboard", "actions": actions}},
	}, nil)
}
