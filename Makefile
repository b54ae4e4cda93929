# Sluice: the targets that people and CI use. `make` prints them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
GO ?= go
BIN := bin/sluice
LINT := bin/tools/golangci-lint
FUZZTIME ?= 10s
COUNT ?= 6
BENCHFLAGS ?= -out docs/performance.md
# GET / and /metrics name the commit; a GOFLAGS of the machine may leave it out.
STAMP = $(shell git status >/dev/null 2>&1 && echo true || echo false)

.DEFAULT_GOAL := help

.PHONY: help
help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the one binary, bin/sluice
	CGO_ENABLED=0 $(GO) build -buildvcs=$(STAMP) -o $(BIN) ./cmd/sluice

.PHONY: run
run: build ## start Sluice with an embedded broker and an example that moves data
	./$(BIN) dev --example examples/clickstream

.PHONY: test
test: unit integration ## all tests; those against Apache Kafka get it themselves

.PHONY: unit
unit: ## unit tests, recorded fixtures, fuzz corpora, embedded broker
	$(GO) test ./...

# Without Java the rest is enough for a person at work, and not for CI.
.PHONY: integration
integration: build ## the binary against a real Apache Kafka 4.3.1 (Java, Maven)
	@if test/kafka/kafka install; then \
	  $(GO) test -tags integration -count=1 -p=1 -timeout=20m -v $$(git grep -l '^//go:build integration' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|'); \
	elif [ "$${CI:-}" = true ]; then \
	  echo "CI needs Apache Kafka for the integration tests, see above" >&2; exit 1; \
	else \
	  printf '\n%s\n\n' '************ NOT RUN: tests against Apache Kafka (no Java or Maven, see above) ************' >&2; \
	fi

.PHONY: kill-test
kill-test: build ## kill -9: a growing file, ten times; 500,000 rows out of and into PostgreSQL, five times; 500,000 records into HDFS, five times; all compared (SEED=n repeats a run)
	@test/kafka/kafka install
	KILL_TEST=full $(GO) test -tags integration -count=1 -timeout=10m -run '^TestKills$$|^TestSourceKills$$|^TestUpsertKills$$|^TestDeadWriter$$' -v ./test/integration ./test/jdbc ./test/hdfs

T ?= 2m
WORKERS ?= 3
.PHONY: faults
faults: build ## break workers, broker and connections for T (2m), count every line, write docs/reliability.md (SEED, WORKERS, EOS=1, JAVA=1 or mixed)
	@test/kafka/kafka install
	SEED=$(or $(SEED),$$(date +%s)) FAULTS_TIME=$(T) FAULTS_WORKERS=$(WORKERS) FAULTS_JAVA=$(JAVA) FAULTS_EOS=$(EOS) FAULTS_REPORT=$(CURDIR)/docs/reliability.md \
	  $(GO) test -tags integration -count=1 -timeout=3h -run '^TestFaults$$' -v ./test/faults

.PHONY: soak
soak: build ## create, change and delete connectors at random for T (2m), write docs/reliability.md (SEED)
	@test/kafka/kafka install
	SEED=$(or $(SEED),$$(date +%s)) SOAK_TIME=$(T) SOAK_REPORT=$(CURDIR)/docs/reliability.md \
	  $(GO) test -tags integration -count=1 -timeout=25h -run '^TestSoak$$' -v ./test/soak

.PHONY: conformance
conformance: ## the recorded REST answers of the Java worker
	@if [ -d test/conformance ]; then $(GO) test -count=1 ./test/conformance/...; \
	else echo "no recorded answers in test/conformance yet" >&2; fi

.PHONY: race
race: ## unit tests under the race detector
	$(GO) test -race ./...

SEEDS ?= 200
.PHONY: sim
sim: ## whole groups on a virtual network and clock: SEEDS of them (200), or the one of SEED
	$(GO) test -tags synctests -count=1 ./test/simulation -seeds $(SEEDS) $(if $(SEED),-seed $(SEED) -v)

.PHONY: bench
bench: build ## compare with Java Connect on one broker, write docs/performance.md
	$(GO) run ./test/bench -sluice $(BIN) $(BENCHFLAGS)

.PHONY: bench-go
bench-go: ## Go benchmarks of the record path, COUNT times (6)
	$(GO) test -run '^$$' -bench . -benchmem -count=$(COUNT) $$(git grep -l 'func Benchmark' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|')

# To make what it found smaller is not what the time is for.
.PHONY: fuzz
fuzz: ## fuzz every parser for FUZZTIME each (10s)
	@for d in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
	  for f in $$($(GO) test -list '^Fuzz' ./$$d | grep '^Fuzz'); do \
	    echo "$$d $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s ./$$d; done; done

# Built once for each version: `go tool` would link it anew in a fresh cache.
$(LINT): tools/go.mod tools/go.sum
	@mkdir -p bin/tools
	cd tools && $(GO) build -o ../$(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $(LINT)

.PHONY: lint
lint: $(LINT) ## golangci-lint as pinned in tools/go.mod, rules in .golangci.yml
	$(LINT) run ./...

.PHONY: fmt
fmt: $(LINT) ## format all Go files (gofumpt, import groups)
	$(LINT) fmt ./...

.PHONY: verify
verify: $(LINT) ## formatting, vet, modules and documents are in order
	$(LINT) fmt --diff ./...
	$(GO) vet ./...
	$(GO) vet -tags integration ./test/...
	$(GO) mod tidy -diff
	$(MAKE) lint
	@for f in README.md CHANGELOG.md LICENSE docs/architecture.md docs/compatibility.md docs/adr/README.md; do \
	  [ -s $$f ] || { echo "$$f is missing" >&2; exit 1; }; done

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
