//go:build unix

package browser

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// ChromiumFlags returns the flags that a headless Chromium of the tests is
// started with to open pages of the hosts, names or addresses; less the profile
// and the page itself. They are exported for those who must start Chromium
// through a library of their own.
func ChromiumFlags(hosts ...string) []string {
	return []string{
		"--headless=new",
		// Chromium refuses to run as root with its sandbox, and containers
		// often lack the namespaces for it. The pages are our own.
		"--no-sandbox",
		"--disable-gpu",
		"--no-first-run",
		"--no-default-browser-check",
		// Nothing may reach for the network but the test: no update, no proxy
		// that the environment names, and, because there is always one feature
		// more that calls home, no name that resolves.
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
		"--disable-default-apps",
		"--disable-extensions",
		"--no-proxy-server",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE " + strings.Join(hosts, ", EXCLUDE "),
		// No crash reports. The crash handler still runs, outside of the process
		// group, until its browser is gone. Do not try --disable-crashpad-for-testing:
		// the network service then dies of a wrong file descriptor at every start.
		"--disable-breakpad",
		// Several browsers run at once, none of them in the foreground: a
		// throttled timer would be a test that is slow for no reason.
		"--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows",
		"--disable-renderer-backgrounding",
		// A keyring would ask for a password, on a desktop.
		"--password-store=basic",
		// Host candidates carry the real address and not an mDNS name: the
		// other side would have to resolve the name by multicast, which
		// containers do not forward.
		"--disable-features=WebRtcHideLocalIpsWithMdns",
	}
}

// firefoxPrefs is the user.js of a fresh profile. With names that do not
// resolve there is no need to find and switch off each update, report, probe
// and list: a fresh profile asked for fifty such names within its first seconds.
const firefoxPrefs = `// Host candidates carry the real address: see ChromiumFlags.
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
// Only the test's own requests: no name resolves, addresses do; no proxy.
user_pref("network.dns.disabled", true);
user_pref("network.proxy.type", 0);
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
// No page but the test's: no first run, no new tab.
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
// What a page writes to its console appears on stderr, as Chromium's does.
user_pref("devtools.console.stdout.content", true);
// The tests' pages are never in front; their timers should tick all the same.
user_pref("dom.min_background_timeout_value", 4);
user_pref("dom.timeout.enable_budget_timer_throttling", false);
`

// command returns the arguments and the environment that open the page with a
// profile below dir, and lays down there what the browser expects to find.
//
// HOME and TMPDIR point into dir as well: browsers keep sockets, caches and key
// stores outside of their profile, and a killed one leaves them there.
func command(cfg Config, dir string) (args, env []string, err error) {
	location, err := url.Parse(cfg.Page)
	if err != nil {
		return nil, nil, err
	}
	profile := filepath.Join(dir, "profile")
	temp := filepath.Join(dir, "tmp")
	home := filepath.Join(dir, "home")
	for _, d := range []string{profile, temp, home} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return nil, nil, err
		}
	}
	if err := cfg.World.trust(cfg.Kind, profile, home); err != nil {
		return nil, nil, err
	}
	env = append(without(os.Environ(), "XDG_"),
		"HOME="+home,
		"TMPDIR="+temp,
		// No desktop to talk to, and no bus to start one on.
		"DBUS_SESSION_BUS_ADDRESS=disabled:",
	)
	if cfg.Kind == Firefox {
		env = append(env, "MOZ_HEADLESS=1", "MOZ_CRASHREPORTER_DISABLE=1")
		args = append([]string{"--headless", "--no-remote", "--profile", profile}, cfg.Flags...)
		args = append(args, cfg.Page)
		prefs := firefoxPrefs + scheme(Firefox, cfg.Dark) + cfg.World.firefoxPrefs()
		if cfg.Private {
			// By this and not by --private-window, which opens a second window for the driver to find.
			prefs += "user_pref(\"browser.privatebrowsing.autostart\", true);\n"
		}
		err = os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs), 0o600)
		return args, env, err
	}
	args = append(cfg.World.chromium(ChromiumFlags(append(cfg.Hosts, location.Hostname())...)), cfg.Flags...)
	args = append(args, scheme(Chromium, cfg.Dark), "--enable-logging=stderr", "--user-data-dir="+profile, cfg.Page)
	return args, env, nil
}

// scheme is the flag, or the preference, by which pages see a user who prefers dark colours, or light ones: else it would depend on the desktop.
func scheme(kind Kind, dark bool) string {
	// Both count 0 as dark and 1 as light.
	prefers := 1
	if dark {
		prefers = 0
	}
	if kind == Firefox {
		return fmt.Sprintf("user_pref(\"layout.css.prefers-color-scheme.content-override\", %d);\n", prefers)
	}
	return fmt.Sprintf("--blink-settings=preferredColorScheme=%d", prefers)
}

// without returns env less the variables whose name begins with prefix.
func without(env []string, prefix string) []string {
	kept := make([]string, 0, len(env))
	for _, e := range env {
		if !strings.HasPrefix(e, prefix) {
			kept = append(kept, e)
		}
	}
	return kept
}
