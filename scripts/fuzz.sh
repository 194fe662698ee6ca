#!/usr/bin/env bash
# fuzz.sh SECONDS runs every fuzz target of every package for so long, two at a time, each on one core. A target says a line when it is
# through, and everything when it fails. What it finds is in the package's testdata/fuzz, to be fixed and committed.
source "$(dirname "$0")/lib.sh"

seconds=$1
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# fuzz PACKAGE TARGET is what runs at once; the shells of xargs have it by export.
fuzz() {
	local log="$logs/${1//\//_}.$2"
	# Minimizing what is merely new would take up to a minute, and more than the time that a target has.
	if go test -run '^$' -fuzz "^$2\$" -fuzztime "${seconds}s" -fuzzminimizetime 1s -parallel 1 "$1" >"$log" 2>&1 || ended "$log"; then
		echo "$2 in $1: $(grep -o 'execs: [0-9]*' "$log" | tail -n 1)"
		return 0
	fi
	cat "$log" >&2
	return 255 # has xargs begin no other one
}

# ended LOG succeeds if the end of the time is all that a target failed with. Go 1.26 sometimes reports that, on a busy machine
# (golang/go#75804, mended in 1.27); what is found is there as a failing input, with a test's line or a panic.
ended() {
	[ "$(grep -A 1 '^--- FAIL' "$1" | tail -n +2)" = "    context deadline exceeded" ] && ! grep -Eq 'Failing input|_test\.go:|^panic|^fatal' "$1"
}
export -f fuzz ended
export logs seconds

begin "fuzz targets, $seconds s each"
targets=$(git ls-files -z '*_test.go' | xargs -0 grep -o '^func Fuzz[A-Za-z0-9_]*' | sed 's|^\(.*\)/[^/]*:func |./\1 |' | sort -u)
echo "$(wc -l <<<"$targets") targets"
# All are built before the clock runs, and with what fuzzing needs.
xargs -n 2 bash -c 'go test -run "^$" -fuzz "^$1\$" -fuzztime 1x -fuzzminimizetime 1x -parallel 1 "$0" >/dev/null || exit 255' <<<"$targets"
begin "fuzzing"
xargs -n 2 -P 2 bash -c 'fuzz "$0" "$1"' <<<"$targets"
printf '\nfuzzed %d targets in %d s\n' "$(wc -l <<<"$targets")" "$(elapsed)"
