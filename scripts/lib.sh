# What the scripts share. To be sourced; it changes to the root of the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# required tells that what is missing fails instead of being skipped: as in the tests, see e2e/browser.
required() { [ "${BECKONTEST_REQUIRE_BROWSERS:-}" = 1 ]; }

# The outermost script's start, in seconds since 1970: the scripts call each other.
export BEGAN="${BEGAN:-$(date +%s)}"
elapsed() { echo $(($(date +%s) - BEGAN)); }

# begin NAME prints a heading; the time is that since the start.
begin() { printf '\n== %s  (at %d s)\n' "$1" "$(elapsed)"; }

# have NAME… succeeds if one of the programs is on PATH.
have() {
	local name
	for name in "$@"; do
		if command -v "$name" >/dev/null; then return 0; fi
	done
	return 1
}

# need PACKAGE PROGRAM… makes sure that one of the programs is there, by installing the Debian package where this
# machine lets us. Otherwise it says in one sentence what is missing, and fails.
need() {
	local package=$1
	shift
	if have "$@"; then return 0; fi
	if [ "$(id -u)" = 0 ] && have apt-get; then
		echo "installing $package"
		if apt_install "$package" && have "$@"; then return 0; fi
		echo "there is no $1, and \`apt-get install $package\` did not bring it: see its output above" >&2
		return 1
	fi
	echo "there is no $1 on PATH: install it, on Debian with \`apt-get install $package\` as root" >&2
	return 1
}

# apt_install PACKAGE asks the network for package lists only when the ones that are here do not do. Nothing that the package has is
# started, now: tests run its programs themselves, and a relay or a web server that nobody asked for is none of our business. That is
# what the exit code of policy-rc.d tells to the tools that start services, where there is no such file already.
apt_install() (
	policy=/usr/sbin/policy-rc.d
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$log" "$policy"' EXIT
		install -m 755 /dev/stdin "$policy" <<<$'#!/bin/sh\nexit 101'
	fi
	for attempt in first second; do
		if [ "$attempt" = second ]; then apt-get update -qq </dev/null || true; fi
		if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >"$log" 2>&1 </dev/null; then
			exit 0
		fi
	done
	tail -n 20 "$log" >&2
	exit 1
)

# unchanged COMMAND… runs the command and fails if it changed a file: then what is committed was not what it makes. The
# files are up to date afterwards. It compares contents and not with the last commit, so it works amid other changes.
unchanged() {
	local before after
	before=$(fingerprint)
	"$@"
	after=$(fingerprint)
	if [ "$before" != "$after" ]; then
		echo "\`$*\` changed these files: commit them as they are now." >&2
		diff <(echo "$before") <(echo "$after") | sed -n 's/^[<>] [0-9a-f]*  /  /p' | sort -u >&2
		return 1
	fi
}

# fingerprint lists every file that is or may be committed with its hash; deleted ones are left out.
fingerprint() { git ls-files -z --cached --others --exclude-standard | xargs -0 sha256sum 2>/dev/null || true; }
