//go:build unix

package browser

import (
	"os"
	"path/filepath"
	"strings"
)

// ChromiumFlags returns the flags that a headless Chromium of the tests is
// started with, less the profile and the address to open. They are exported
// for those who must start Chromium through a library of their own.
func ChromiumFlags() []string {
	return []string{
		"--headless=new",
		// Chromium refuses to run as root with its sandbox, and containers
		// often lack the namespaces for it. The pages are our own.
		"--no-sandbox",
		"--disable-gpu",
		"--no-first-run",
		"--no-default-browser-check",
		// Nothing may reach for the network but the test: no update, no field
		// trial, no proxy that the environment names.
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
		"--disable-default-apps",
		"--disable-extensions",
		"--no-proxy-server",
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

// firefoxPrefs is the user.js of a fresh profile.
const firefoxPrefs = `// Host candidates carry the real address: see ChromiumFlags.
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
// No proxy that the environment or the desktop names.
user_pref("network.proxy.type", 0);
// Only the test's own requests: no update, report, probe, list or plugin.
user_pref("app.update.enabled", false);
user_pref("app.update.auto", false);
user_pref("app.normandy.enabled", false);
user_pref("browser.region.network.url", "");
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.safebrowsing.downloads.enabled", false);
user_pref("browser.search.update", false);
user_pref("browser.topsites.contile.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("datareporting.healthreport.uploadEnabled", false);
user_pref("datareporting.usage.uploadEnabled", false);
user_pref("dom.push.connection.enabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("extensions.systemAddon.update.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.disablePrefetch", true);
user_pref("network.prefetch-next", false);
user_pref("security.OCSP.enabled", 0);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.enabled", false);
user_pref("toolkit.telemetry.server", "");
user_pref("toolkit.telemetry.unified", false);
// No page but the test's: no first run, no new tab, no restored session.
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.sessionstore.resume_from_crash", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("startup.homepage_welcome_url", "");
user_pref("trailhead.firstrun.didSeeAboutWelcome", true);
// What a page writes to its console appears on stderr, as Chromium's can.
user_pref("devtools.console.stdout.content", true);
// The tests' pages are never in front; their timers should tick all the same.
user_pref("dom.min_background_timeout_value", 4);
user_pref("dom.timeout.enable_budget_timer_throttling", false);
`

// command returns the arguments and the environment that open url with a
// profile below dir, and lays down there what the browser expects to find.
//
// HOME and TMPDIR point into dir as well: browsers keep sockets, caches and key
// stores outside of their profile, and a killed one leaves them there.
func command(kind Kind, dir, url string) (args, env []string, err error) {
	profile := filepath.Join(dir, "profile")
	temp := filepath.Join(dir, "tmp")
	home := filepath.Join(dir, "home")
	for _, d := range []string{profile, temp, home} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return nil, nil, err
		}
	}
	env = append(without(os.Environ(), "XDG_"),
		"HOME="+home,
		"TMPDIR="+temp,
		// No desktop to talk to, and no bus to start one on.
		"DBUS_SESSION_BUS_ADDRESS=disabled:",
	)
	if kind == Firefox {
		env = append(env, "MOZ_HEADLESS=1", "MOZ_CRASHREPORTER_DISABLE=1")
		args = []string{"--headless", "--no-remote", "--profile", profile, url}
		err = os.WriteFile(filepath.Join(profile, "user.js"), []byte(firefoxPrefs), 0o600)
		return args, env, err
	}
	args = append(ChromiumFlags(), "--enable-logging=stderr", "--user-data-dir="+profile, url)
	return args, env, nil
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
