#!/usr/bin/env bash
# coturn's own clients against `beckon turn`. The table of what they did is in the output, and in e2e/COTURN.md.
source "$(dirname "$0")/lib.sh"

begin "coturn"
if ! need coturn turnutils_uclient && required; then exit 1; fi

begin "its clients against beckon turn"
go test -count=1 -v -timeout 10m -run '^TestCoturn' ./e2e | grep -v '^=== '
