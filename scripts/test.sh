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
# One of them makes a network, and those of IPv6 need it on loopback, which containers may have switched off.
if ! need iproute2 ip /usr/sbin/ip && required; then exit 1; fi
# Another has systemd read the unit that the docs give.
if ! need systemd systemd-analyze && required; then exit 1; fi
ipv6=/proc/sys/net/ipv6/conf/lo/disable_ipv6
if required && [ -w "$ipv6" ] && [ "$(<"$ipv6")" = 1 ]; then echo 0 >"$ipv6" || true; fi
go test -race -timeout 20m $(go list ./... | grep -v '/e2e')

begin "simulation"
bash scripts/simulate.sh

bash scripts/e2e.sh

printf '\nEverything that can run here passed in %d s.\n' "$(elapsed)"
