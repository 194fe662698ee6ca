#!/usr/bin/env bash
# web.sh COMMAND… runs the scripts of web/package.json of these names, after `npm ci` if the packages are older than
# the lock file.
source "$(dirname "$0")/lib.sh"

need nodejs node
need npm npm
if ! node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' </dev/null; then
	echo "node is $(node --version), and 18 is the oldest that will do: install a newer one" >&2
	exit 1
fi
cd web
# npm writes the first file at the end of an installation.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
	# No package gets to run code at its installation.
	if ! npm ci --ignore-scripts --no-audit --no-fund </dev/null; then
		echo "the packages of web/package-lock.json are missing: \`npm ci\` in web/ gets them, for which it needs the network" >&2
		exit 1
	fi
	touch node_modules/.package-lock.json
fi
for command in "$@"; do
	npm run --silent "$command" </dev/null
done
