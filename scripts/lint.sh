#!/usr/bin/env bash
# Formatting, vet and staticcheck.
source "$(dirname "$0")/lib.sh"

begin "formatting"
# Not `./...`: node_modules may hold Go files of other people.
unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 "$(go env GOROOT)/bin/gofmt" -l)
if [ -n "$unformatted" ]; then
	printf 'not formatted, run gofmt -w on:\n%s\n' "$unformatted" >&2
	exit 1
fi

begin "vet"
go vet ./...

begin "staticcheck"
go tool staticcheck ./...
