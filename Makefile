# Everything needs Go (see go.mod) and nothing else; `make test` also looks for
# PostgreSQL, strongSwan's pki, openssl and a C compiler, and says what is missing.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
GOFLAGS_BUILD = -trimpath -ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)"
TESTRUN = CGO_ENABLED=0 go build -o build/testrun ./internal/testrun && exec ./build/testrun
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test test-short lint fuzz bench clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

build: ## the server and the agent, static, in build/
	@mkdir -p build
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o build/ ./cmd/...

demo: build ## a whole hospital on this machine; Ctrl-C ends it (ARGS="--pumps 50")
	@exec ./build/wardline demo $(ARGS)

test: ## every check and every test, on SQLite and PostgreSQL
	@$(TESTRUN) test

test-short: ## the quick tests, without the race detector
	@$(TESTRUN) short

lint: ## gofmt, go vet, staticcheck
	@$(TESTRUN) lint

fuzz: ## every fuzz target, FUZZTIME each (default 10m)
	@$(TESTRUN) fuzz

bench: ## the measurements of docs/performance.md (ARGS="-run idle")
	@$(TESTRUN) bench $(ARGS)

clean: ## removes build/
	rm -rf build
