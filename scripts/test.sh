#!/usr/bin/env bash
# Everything that must hold, cheapest first.
source "$(dirname "$0")/lib.sh"

bash scripts/lint.sh

begin "generated files"
unchanged go generate ./...

begin "SDK and demo"
if need nodejs node && need npm npm; then
	bash scripts/web.sh check test
	unchanged bash scripts/web.sh build
	bash scripts/web.sh size pack
elif required; then
	exit 1
fi

begin "Go tests"
go test -race -timeout 20m $(go list ./... | grep -v '/e2e')

begin "simulation"
bash scripts/simulate.sh

bash scripts/e2e.sh

printf '\nEverything that can run here passed in %d s.\n' "$(elapsed)"
