#!/usr/bin/env bash
# simulate.sh [SEEDS [SECONDS]]: the simulation of the whole of signaling, see e2e/simulation. Without arguments, what
# continuous integration runs: the large one, with a thousand kills, and 50 small seeds. With SEEDS, that many small seeds. With
# SECONDS, new seeds until that time has passed. The last line sums up, and the exit status is not 0 if anything was lost,
# duplicated or reordered, or took more frames than it may.
source "$(dirname "$0")/lib.sh"

# The arguments are not called by their names: SECONDS is bash's own clock.
how_many=${1:-} how_long=${2:-}
for number in "$how_many" "$how_long"; do
	case $number in *[!0-9]*)
		echo "SEEDS and SECONDS are whole numbers, not \"$number\"" >&2
		exit 2
		;;
	esac
done

flags=(-test.run '^(TestLarge|TestSeeds)$' -test.timeout 0)
if [ -n "$how_long" ]; then
	flags+=(-simulation.seconds "$how_long")
elif [ -n "$how_many" ]; then
	flags+=(-simulation.seeds "$how_many")
else
	flags+=(-simulation.large -simulation.seeds 50)
fi

# A binary of its own, because the go command would say something after the last line.
binary=$(mktemp -d)
trap 'rm -rf "$binary"' EXIT
go test -c -o "$binary/simulation" ./e2e/simulation
# A test binary runs where its package is, and what it says of files and how to run it again is right there.
cd e2e/simulation
"$binary/simulation" "${flags[@]}"
