#!/usr/bin/env bash
# bench-turn.sh [ROUNDS]: `beckon turn` beside coturn, in one run and under coturn's own load generator. A round takes some six
# minutes, most of which the load generator needs to connect. The table is at the end: medians, and the ratios to coturn.
source "$(dirname "$0")/lib.sh"

rounds=${1:-5}
begin "coturn, and a build of beckon"
need coturn turnutils_uclient
program=$(mktemp -d)
trap 'rm -rf "$program"' EXIT
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$program/beckon" ./cmd/beckon

begin "$rounds rounds"
go run ./e2e/turnbench -beckon "$program/beckon" -rounds "$rounds"
