#!/usr/bin/env bash
# fuzz.sh SECONDS runs every fuzz target of every package for so long.
source "$(dirname "$0")/lib.sh"

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		begin "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1s" "$package"
	done
done
