# Two commands are enough to begin with: make demo, make test.
GO ?= go
GOLANGCI_VERSION := v2.15.0
TOOLS := $(CURDIR)/bin/tools
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/whence.
	$(GO) build -trimpath -o bin/whence ./cmd/whence

.PHONY: demo
demo: build ## See the whole system at work on this machine (fetches ClickHouse once).
	bin/whence demo

# The Kafka client's locks hold fake time up: a commit during a join waits at one, and a
# join in a test may take fake time. With this tag of its own they are channels.
TESTS := -tags synctests

.PHONY: test
test: ## Run all tests. The floors are checked afresh: go test cannot see go list's inputs.
	$(GO) test $(TESTS) ./...
	$(GO) test $(TESTS) -count=1 -run TestFloors ./pipeline

.PHONY: integration
integration: ## Run the tests of delivery on Apache Kafka too (needs Java 17 and Maven; fetches the jars once).
	WHENCE_INTEGRATION=1 $(GO) test $(TESTS) -count=1 -p 1 -timeout 20m ./deploy/local/apachekafka ./pipeline

.PHONY: race
race: ## Run the tests of everything concurrent under the race detector (needs a C compiler).
	CGO_ENABLED=1 $(GO) test $(TESTS) -race -short ./correlate/... ./pipeline ./sinks ./rules ./cmd/...

.PHONY: fuzz
fuzz: ## Fuzz whatever parses input, 30 seconds each (FUZZTIME=5m for longer).
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(or $(FUZZTIME),30s) $$p || exit 1; \
	  done; \
	done

# The fuzzed binary is built once and every source has a cache of its own: what one
# source found is no use to another, and only slows its start. That the time was up
# while an input ran is reported by Go as a failure (go.dev/issue/75804), and is none.
FUZZ := $(CURDIR)/bin/fuzz
.PHONY: fuzz-long
fuzz-long: ## Fuzz every source by itself, 10 minutes each, from its fixtures and the samples (FUZZTIME=1m, SOURCES="mcp cdevents", JOBS=6 sources at once).
	@mkdir -p $(FUZZ)
	$(GO) test -c -fuzz '^FuzzSource$$' -o $(FUZZ)/sources.test ./sources
	@printf '%s\n' $(or $(SOURCES),$(filter-out fuzz,$(notdir $(wildcard sources/testdata/*)))) | \
	  xargs -P $(or $(JOBS),1) -I NAME sh -c 'cd sources && WHENCE_FUZZ_SOURCE=NAME $(FUZZ)/sources.test \
	    -test.run "^$$" -test.fuzz "^FuzzSource$$" -test.fuzztime $(or $(FUZZTIME),10m) -test.timeout 0 $(if $(JOBS),-test.parallel 1) \
	    -test.fuzzcachedir $(FUZZ)/cache/NAME >$(FUZZ)/NAME.log 2>&1; e=$$?; \
	    echo "NAME: $$(grep ^fuzz: $(FUZZ)/NAME.log | tail -1)"; \
	    test $$e = 0 || grep -q "^ *context deadline exceeded" $(FUZZ)/NAME.log || { echo "NAME failed, see $(FUZZ)/NAME.log"; exit 1; }'

.PHONY: docs
docs: ## Write docs/sources.md, docs/rules.md and the tables of docs/writing-rules.md anew.
	$(GO) test ./cmd/whence -run '^TestSourcesDoc$$' -update
	$(GO) test ./rules -run '^Test(Rules|WritingRules)Doc$$' -update

# The logs of a simulated month need 1.4 GB of disk, and 6 GB of memory to be read.
MONTH := $(or $(TMPDIR),/tmp)/whence-month
.PHONY: backtest
backtest: build ## Ask the library about a simulated quiet month and one with incidents, half a million events each (EVENTS=20000 for less).
	@for i in none all; do \
	  rm -rf $(MONTH) && bin/whence simulate --out $(MONTH) --days 30 --incidents $$i $(if $(EVENTS),--events $(EVENTS)) && \
	  GOGC=50 bin/whence rules backtest --library --rules $(MONTH)/rules --truth $(MONTH)/truth.ndjson \
	    --directory $(MONTH)/directory.yaml --scope prod/file0 $(MONTH) || exit 1; \
	done; rm -rf $(MONTH)

.PHONY: bench
bench: ## Measure whence end to end and by stages, a quarter of an hour (OUT=file.json, BENCH_FLAGS=...).
	$(GO) run ./cmd/bench $(if $(OUT),-out $(OUT)) $(BENCH_FLAGS)

.PHONY: bench-compare
bench-compare: ## Compare the Go benchmarks of BASE=<revision> with these, by benchstat.
	@test -n "$(BASE)" || { echo "say what to compare with: make bench-compare BASE=HEAD~1"; exit 2; }
	$(GO) run ./cmd/bench -compare $(BASE) $(BENCH_FLAGS)

.PHONY: bench-peers
bench-peers: ## Run whence and the OpenTelemetry collector in turn on the same events (builds it once).
	$(GO) run ./cmd/bench -only peers -events 300000 -latency 0 -tools $(TOOLS) $(if $(OUT),-out $(OUT)) $(BENCH_FLAGS)

.PHONY: bench-growth
bench-growth: ## Measure growth for half an hour; writes tables and plots into docs/performance.md.
	$(GO) run ./cmd/bench -only growth -docs docs/performance.md $(if $(OUT),-out $(OUT)) $(BENCH_FLAGS)

.PHONY: chaos
chaos: build ## Disturb whence run and its servers all the time, and compare with a calm run.
	$(GO) run ./cmd/chaos $(CHAOS_FLAGS)

.PHONY: guards
guards: ## Cut each guard of delivery out of the source in turn; a test must fail each time. Takes minutes.
	WHENCE_GUARDS=1 $(GO) test $(TESTS) -count=1 -timeout 60m -run TestGuards -v ./pipeline

.PHONY: update
update: ## Rewrite the expected results in testdata; read the diff before committing.
	$(GO) test ./correlate ./sources ./sources/simulate ./sinks ./cmd/whence -update

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION) ## Check formatting, go vet and golangci-lint.
	@test -z "$$(gofmt -l .)" || { echo "gofmt is needed on:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(TOOLS)/golangci-lint-$(GOLANGCI_VERSION) run

$(TOOLS)/golangci-lint-$(GOLANGCI_VERSION):
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS)/new $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(TOOLS)/new/golangci-lint $@
