#!/usr/bin/env bash
# Formatting, vet, for other systems too, and staticcheck.
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

# What is there for Linux alone, as system calls for many packets at a time, has something in its place elsewhere.
begin "vet for other systems"
for os in darwin windows; do
	GOOS=$os CGO_ENABLED=0 go vet ./...
done

begin "staticcheck"
go tool staticcheck ./...
