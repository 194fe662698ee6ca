#!/usr/bin/env bash
# The conformance suite of channels between all pairings of SDKs, as a table. A line says when each pair is done.
source "$(dirname "$0")/lib.sh"

begin "browsers"
need chromium chromium chromium-browser google-chrome google-chrome-stable || ! required
need firefox-esr firefox-esr firefox || ! required

begin "conformance"
log=$(mktemp)
ended=0
# -timeout is for a suite that hangs; the cases themselves are given less by the test. Not with -race: see e2e/conformance/README.md.
go test -count=1 -v -timeout 8m -run '^TestConformance$' ./e2e 2>&1 | tee "$log" |
	awk '/^ *conformance_test\.go:[0-9]+: [a-z]+-[a-z]+: / { sub(/^ *conformance_test\.go:[0-9]+: /, ""); print; fflush() }' || ended=$?
# The table is what the test logs last of its own; its lines are indented.
sed -n 's/^        \(|.*\)/\1/p' "$log"
if [ "$ended" != 0 ]; then
	# Of each case that failed: what must hold, and what each side says.
	awk '
		/^ *conformance_test\.go:[0-9]+: [a-z-]+ between / { sub(/^ *conformance_test\.go:[0-9]+: /, ""); print "\n" $0; told = 1; next }
		told && /^        [^|]/ { print; next }
		{ told = 0 }
	' "$log" >&2
	grep -E '^ *--- FAIL|^panic|^FAIL' "$log" >&2 || tail -n 20 "$log" >&2
	echo "all that was said is in $log" >&2
	exit 1
fi
grep -E '^ *--- SKIP' "$log" || true
rm "$log"
printf '\nAll of it holds; %d s.\n' "$(elapsed)"
