# Sluice: the targets that people and CI use. `make` prints them.
SHELL := /bin/bash
GO ?= go
BIN := bin/sluice
FUZZTIME ?= 10s

.DEFAULT_GOAL := help

.PHONY: help
help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the one binary, bin/sluice
	CGO_ENABLED=0 $(GO) build -o $(BIN) ./cmd/sluice

.PHONY: run
run: build ## start Sluice with an embedded broker and an example that moves data
	./$(BIN) dev --example examples/clickstream

.PHONY: test
test: unit integration ## all tests; those against Apache Kafka need Java and Maven

.PHONY: unit
unit: ## unit tests, recorded fixtures, fuzz corpora, embedded broker
	$(GO) test ./...

.PHONY: integration
integration: build ## the binary against a real Apache Kafka 4.3.1
	$(GO) test -tags integration -count 1 -v ./test/integration

.PHONY: race
race: ## the same under the race detector
	$(GO) test -race ./...

.PHONY: bench
bench: ## Go benchmarks of the record path
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: fuzz
fuzz: ## fuzz every parser for FUZZTIME each (10s)
	@set -e; for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p; done; done

.PHONY: lint
lint: ## golangci-lint, pinned in tools/go.mod
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

.PHONY: fmt
fmt: ## format all Go files
	gofmt -w $$(git ls-files '*.go')

.PHONY: verify
verify: ## formatting, vet and go.mod are in order
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not formatted: $$out" >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) mod tidy -diff

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
