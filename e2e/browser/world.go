//go:build unix

package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// World is what there is for a browser beside addresses. The zero value is nothing.
type World struct {
	// Authority is a file with a certificate, in PEM, that those of servers may stand on. Empty: none but the browser's own. It
	// takes certutil; see Trusts.
	Authority string
	// Name is the one name that leads somewhere, and Address is where; both are empty or neither. Firefox then sends there every name.
	Name, Address string
}

// Trusts is empty if browsers here can be made to trust an authority, or one sentence about what is missing.
func Trusts() (missing string) {
	if _, err := exec.LookPath("certutil"); err != nil {
		return "no certutil on PATH, to have browsers trust a certificate: install it, on Debian with `apt-get install libnss3-tools`"
	}
	return ""
}

// trust makes the store of certificates in which the browser looks: Firefox's is in the profile, Chromium's in the home.
func (w World) trust(kind Kind, profile, home string) error {
	if w.Authority == "" {
		return nil
	}
	store := profile
	if kind == Chromium {
		store = filepath.Join(home, ".pki", "nssdb")
	}
	if err := os.MkdirAll(store, 0o700); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"-N", "--empty-password"},
		{"-A", "-t", "C,,", "-n", "authority", "-i", w.Authority},
	} {
		if out, err := exec.Command("certutil", append([]string{"-d", "sql:" + store}, args...)...).CombinedOutput(); err != nil {
			return errors.Join(fmt.Errorf("certutil %q: %w", args, err), errors.New(string(out)))
		}
	}
	return nil
}

// chromium adds the name to the flags of ChromiumFlags, in which the first rule that fits is the one that holds.
func (w World) chromium(flags []string) []string {
	if w.Name == "" {
		return flags
	}
	for i, flag := range flags {
		flags[i] = strings.Replace(flag, "=MAP * ", "=MAP "+w.Name+" "+w.Address+", MAP * ", 1)
	}
	return flags
}

func (w World) firefoxPrefs() string {
	if w.Name == "" {
		return ""
	}
	return fmt.Sprintf("user_pref(\"network.dns.forceResolve\", %q);\n", w.Address)
}
