#!/usr/bin/env bash
# bench-channels.sh [ROUNDS]: our Go peers beside plain Pion, a page in Chromium, and libwebrtc in Node where npm brings it, in one run. A
# round takes about a minute and a half. The tables are at the end: medians, and the ratios of each round.
source "$(dirname "$0")/lib.sh"

rounds=${1:-5}
begin "a build, and libwebrtc for Node"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
go build -o "$folder/channelbench" ./e2e/channelbench
wrtc=
if have npm && timeout 120 npm install --no-audit --no-fund --silent --prefix "$folder" @roamhq/wrtc@0.10.0 >"$folder/npm.log" 2>&1; then
	wrtc=$folder
else
	echo "npm did not bring @roamhq/wrtc, so libwebrtc is left out"
fi

begin "$rounds rounds"
"$folder/channelbench" -rounds "$rounds" -wrtc "$wrtc"
