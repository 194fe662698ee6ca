#!/usr/bin/env bash
# The end-to-end tests. A browser, or the proxy that some of them stand behind, that cannot be installed is a sentence here and a skip
# in the tests, unless browsers are required.
source "$(dirname "$0")/lib.sh"

begin "browsers and nginx"
for program in "chromium chromium chromium-browser google-chrome google-chrome-stable" "firefox-esr firefox-esr firefox" \
	"nginx nginx /usr/sbin/nginx"; do
	# Unquoted, to split it: a package, and the programs that would do.
	if ! need $program && required; then exit 1; fi
done

begin "end-to-end tests"
# -count=1: they run the binary, whose changes the cache of test results does not see. -p 1: a package at a time, so
# that browsers do not compete. -v: the skips and what they lack should be seen.
go test -race -count=1 -p 1 -v -timeout 30m ./e2e/...
