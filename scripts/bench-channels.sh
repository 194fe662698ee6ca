#!/usr/bin/env bash
# bench-channels.sh [ROUNDS]: our Go peers beside plain Pion, with each other and with a page in Chromium, and beside libdatachannel and
# libwebrtc in Node where npm brings them, in one run. A round takes two to three minutes. The tables are at the end, in the form of
# e2e/channelbench/README.md: medians, and of the ratios of each round the median, the least and the greatest.
source "$(dirname "$0")/lib.sh"

rounds=${1:-5}
begin "a build, and other stacks for Node"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
go build -o "$folder/channelbench" ./e2e/channelbench
# One at a time, so that the one that does not come leaves the other.
for package in node-datachannel@0.33.4 @roamhq/wrtc@0.10.0; do
	if have npm && timeout 120 npm install --no-audit --no-fund --silent --prefix "$folder" "$package" >"$folder/npm.log" 2>&1; then
		echo "$package is here"
	else
		echo "npm did not bring $package, so it is left out"
	fi
done

begin "$rounds rounds"
"$folder/channelbench" -rounds "$rounds" -node "$folder"
