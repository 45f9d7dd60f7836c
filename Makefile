# Everything needs Go (see go.mod) and Node.js (see web/console/package.json);
# `make test` also looks for PostgreSQL, strongSwan's pki, openssl, Chromium and a
# C compiler, and says what is missing.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
GOFLAGS_BUILD = -trimpath -ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)"
TESTRUN = CGO_ENABLED=0 go build -o build/testrun ./internal/testrun && exec ./build/testrun
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help build binaries console demo test test-console test-short lint fuzz bench clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

CONSOLE_SOURCES = $(shell find web/console docs/openapi.json -type f -not -path '*/node_modules/*' -not -name schema.d.ts -not -path '*/test-results/*')

console: build/console.stamp ## the web console, into web/dist (needs Node.js)

build/console.stamp: build/npm.stamp $(CONSOLE_SOURCES)
	@mkdir -p build
	@if command -v npm >/dev/null; then echo "building the console" && cd web/console && npm run --silent build && touch ../../build/console.stamp; \
	else echo "Node.js is missing: the console is left out, and the server will say how to build it (https://nodejs.org)"; fi

build/npm.stamp: web/console/package-lock.json
	@mkdir -p build
	@if command -v npm >/dev/null; then echo "installing the console's packages (the first time this takes a minute)" && \
	cd web/console && npm ci --ignore-scripts --no-audit --no-fund && touch ../../build/npm.stamp; fi

build: console binaries ## the server with its console, and the agent, static, in build/

binaries:
	@mkdir -p build
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o build/ ./cmd/...

demo: build ## a whole hospital on this machine; Ctrl-C ends it (ARGS="--pumps 50")
	@exec ./build/wardline demo $(ARGS)

test: ## every check and every test, on SQLite and PostgreSQL
	@$(TESTRUN) test

test-console: ## the console alone: build, types, linter, tests in a browser
	@$(TESTRUN) console

test-short: ## the quick tests, without the race detector
	@$(TESTRUN) short

lint: ## gofmt, go vet, staticcheck (the console: npm run check)
	@$(TESTRUN) lint

fuzz: ## every fuzz target, FUZZTIME each (default 10m)
	@$(TESTRUN) fuzz

bench: ## the measurements of docs/performance.md (ARGS="-run idle")
	@$(TESTRUN) bench $(ARGS)

clean: ## removes build/
	rm -rf build
