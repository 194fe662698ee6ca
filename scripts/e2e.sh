#!/usr/bin/env bash
# The end-to-end tests. What they need and what cannot be installed, a browser or one of the programs around them, is a sentence here
# and a skip in the tests, unless browsers are required.
source "$(dirname "$0")/lib.sh"

begin "browsers, nginx, coturn, and what makes networks"
for program in "chromium chromium chromium-browser google-chrome google-chrome-stable" "firefox-esr firefox-esr firefox" \
	"nginx nginx /usr/sbin/nginx" "coturn turnutils_uclient" "iproute2 ip /usr/sbin/ip" "nftables nft /usr/sbin/nft" \
	"libnss3-tools certutil"; do
	# Unquoted, to split it: a package, and the programs that would do.
	if ! need $program && required; then exit 1; fi
done

begin "end-to-end tests"
# -count=1: they run the binary, whose changes the cache of test results does not see. -p 1: a package at a time, so
# that browsers do not compete. -v: the skips and what they lack should be seen.
go test -race -count=1 -p 1 -v -timeout 60m -skip '^TestConformance$' ./e2e/...

bash scripts/conformance.sh
