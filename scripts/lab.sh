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
trap 'rm -f "$log"' EXIT
if ! go test -count=1 -v -run '^TestLab' ./e2e >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
# The lines of what a test logs, but for the first, are indented, as results of subtests are; and a sentence says what was skipped, and why.
sed -n -e '/^ *--- PASS/d' -e 's/^        //p' -e '/^--- SKIP/p' -e 's/^    lab[a-z]*_test.go:[0-9]*: \(.\)/\1/p' "$log"
