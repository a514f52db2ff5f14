# Everything that people and CI call. CONTRACT.md, section 1, says what each target does.

.DEFAULT_GOAL := build
.PHONY: run build assets test fmt fmt-check vet lint types fuzz unit vuln bench soak regions docker clean tools

GO      ?= go
TOOLS   := $(CURDIR)/.tools
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
MINUTES ?= 10

LINT := $(TOOLS)/golangci-lint-v2.15.0
VULN := $(TOOLS)/govulncheck-v1.9.0
SUM  := $(TOOLS)/gotestsum-v1.13.0

## Running and building: Go, a C compiler and make; nothing else

run: build
	bin/statuspage serve --demo

build: assets
	CGO_ENABLED=1 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/statuspage ./server

assets:
	$(GO) run ./public/build

regions: build
	$(GO) run ./lab/cmd/lab regions

docker:
	docker build --build-arg VERSION=$(VERSION) -t statuspage .

clean:
	rm -rf bin public/dist/* public/wasm/* public/wasm/.built

## Checking: what CI runs, quickest first

test: tools fmt-check vet types build lint vuln unit

fmt:
	gofmt -w $$(git ls-files '*.go')

fmt-check:
	@wrong=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$wrong" || { echo "not formatted (make fmt):"; echo "$$wrong"; exit 1; }

vet: assets
	$(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./shared/... ./wasm/...

lint: $(LINT) assets
	$(LINT) run ./...

types: node_modules/.package-lock.json
	node_modules/.bin/tsc --project tsconfig.json

# The rules in WebAssembly run twice: all their stories here, and a sample under the race detector with everything else.
unit: $(SUM) assets node_modules/.package-lock.json
	$(GO) test ./wasm
	.ci/unit $(SUM)

vuln: $(VULN) assets
	.ci/vuln $(VULN)

## Longer than anybody waits for

fuzz:
	.ci/fuzz $(MINUTES)

soak: build
	SOAK=$(MINUTES)m $(GO) test -count=1 -timeout $$(( $(MINUTES) + 20 ))m -run 'Soak|Fault' -v ./lab/...

bench: build
	$(GO) test -run '^$$' -bench . -benchmem ./shared/... ./wasm ./server/...
	if [ -f bench/go.mod ]; then cd bench && $(GO) run -mod=mod .; fi

## What the checks need, by package name

tools:
	@.ci/tools

node_modules/.package-lock.json: package-lock.json .npmrc
	npm ci
	@touch $@

$(LINT):
	.ci/install $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

$(VULN):
	.ci/install $@ golang.org/x/vuln/cmd/govulncheck@v1.9.0

$(SUM):
	.ci/install $@ gotest.tools/gotestsum@v1.13.0
