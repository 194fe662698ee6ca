#!/usr/bin/env bash
# The matrix of NATs as tables: what a connection between two houses goes over, and how long it took to open. It needs root.
source "$(dirname "$0")/lib.sh"

begin "what labs are made of"
need iproute2 ip
need nftables nft
# Without Chromium its rows are left out.
need chromium chromium chromium-browser google-chrome google-chrome-stable || true

begin "labs"
log=$(mktemp)
if ! go test -count=1 -v -run '^TestLab' ./e2e >"$log" 2>&1; then
	# What a test logs is indented by four, and its further lines by eight: tables, and the ends of what programs said, with every
	# goroutine of one that hung. Of those there are the tables, below their titles, and of the rest the first lines, which are the reasons.
	awk '
		/^=== / { name = $3 }
		/^ *lab[a-z]*_test.go:[0-9]+: ./ && !/ ends with:$/ { sub(/^ */, ""); print name ": " $0 }
		/^        [^ \t]/ && !/^        \|/ { title = $0 }
		/^        \|/ { if (!table) print "\n" substr(title, 9) "\n"; print substr($0, 9) }
		{ table = /^        \|/ }
		END { print "" }
	' "$log" >&2
	grep -E '^ *--- FAIL|^panic' "$log" >&2 || tail -n 20 "$log" >&2
	echo "all that was said is in $log" >&2
	exit 1
fi
# The lines of what a test logs, but for the first, are indented, as results of subtests are; and a sentence says what was skipped, and why.
sed -n -e '/^ *--- PASS/d' -e 's/^        //p' -e '/^--- SKIP/p' -e 's/^    lab[a-z]*_test.go:[0-9]*: \(.\)/\1/p' "$log"
rm "$log"
