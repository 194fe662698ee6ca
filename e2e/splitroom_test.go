//go:build unix

package e2e

import "testing"

func TestSplitRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ room, base, name string }{
		{"http://192.0.2.2:41234/r/quiet-fox-4821", "http://192.0.2.2:41234", "quiet-fox-4821"},
		{"http://[2001:db8::1]:80/r/a", "http://[2001:db8::1]:80", "a"},
		{"http://192.0.2.2/r/quiet-fox-4821", "", ""},     // no port
		{"http://192.0.2.2:0/r/quiet-fox-4821", "", ""},   // the port that was asked for
		{"https://192.0.2.2:443/r/a", "", ""},             // dev mode has no certificate
		{"http://192.0.2.2:41234/r/", "", ""},             // no name
		{"http://192.0.2.2:41234/r/a/b", "", ""},          // not a name
		{"http://192.0.2.2:41234/quiet-fox-4821", "", ""}, // not a room
		{"listening on 192.0.2.2:41234", "", ""},
		{"", "", ""},
	} {
		base, name, err := splitRoom(c.room)
		if base != c.base || name != c.name || (err == nil) != (c.base != "") {
			t.Errorf("splitRoom(%q) = %q, %q, %v; want %q, %q", c.room, base, name, err, c.base, c.name)
		}
	}
}
