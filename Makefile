# `make help` lists what there is. The longer recipes are in scripts/.
.DEFAULT_GOAL := help
.PHONY: help test lint e2e test-coturn lab conformance web pack build bench bench-turn bench-channels fuzz simulate nightly

# Seconds for each fuzz target.
FUZZTIME ?= 20

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## everything that must hold before a commit; installs what it needs where it can
	@bash scripts/test.sh

lint: ## formatting, vet and staticcheck
	@bash scripts/lint.sh

e2e: ## the end-to-end tests alone: the real binary and real browsers
	@bash scripts/e2e.sh

test-coturn: ## coturn's clients against our relay, as a table
	@bash scripts/coturn.sh

lab: ## peers behind NATs and firewalls of every kind, as tables of the ways they take and the times they need; as root
	@bash scripts/lab.sh

conformance: ## what channels must do, between all pairings of SDKs, as a table
	@bash scripts/conformance.sh

web: ## build the SDK and the demo into web/*/dist, which are committed
	@bash scripts/web.sh build

pack: ## the SDK as an npm package in bin/, its size against the budget, and a test of what somebody has who installs it
	@bash scripts/web.sh build size pack

build: ## bin/beckon, static
	CGO_ENABLED=0 go build -buildvcs=auto -trimpath -ldflags '-s -w' -o bin/beckon ./cmd/beckon

bench-turn: ## our relay beside coturn under coturn's own load, as a table; ROUNDS=9: of so many rounds
	@bash scripts/bench-turn.sh '$(ROUNDS)'

bench-channels: ## our Go peers beside plain Pion and others, as tables; ROUNDS=9: of so many rounds
	@bash scripts/bench-channels.sh '$(ROUNDS)'

bench: ## every benchmark once
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME seconds
	@bash scripts/fuzz.sh $(FUZZTIME)

# SEEDS and SECONDS go by as arguments. Those given to make would also stand in the environment of the recipes, where SECONDS is the
# clock that bash itself keeps.
unexport SEEDS SECONDS

simulate: ## signaling in simulation, 1,000 kills and 50 seeds; SEEDS=1000: so many; SECONDS=60: new ones for that long
	@bash scripts/simulate.sh '$(SEEDS)' '$(SECONDS)'

nightly: ## new seeds of the simulation for an hour, or SECONDS
	@bash scripts/simulate.sh '' '$(or $(SECONDS),3600)'
