#!/usr/bin/env bash
# web.sh COMMAND… runs the scripts of web/package.json of these names, after `npm ci` if the packages are older than
# the lock file.
source "$(dirname "$0")/lib.sh"

need nodejs node
need npm npm
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
