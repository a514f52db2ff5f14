# Everything that people and CI call. CONTRACT 1, says what each target does.

.DEFAULT_GOAL := build
.PHONY: release-database lists check short drill notices sbom bases run build assets test fmt fmt-check vet lint dead types fuzz unit vuln bench soak regions docker clean tools

GO      ?= go
TOOLS   := $(CURDIR)/.tools
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
MINUTES ?= 10
SEEDS   ?= 1000

LINT := $(TOOLS)/golangci-lint-v2.15.0
VULN := $(TOOLS)/govulncheck-v1.9.0
DEAD := $(TOOLS)/deadcode-v0.52.0
SUM  := $(TOOLS)/gotestsum-v1.13.0
LITESTREAM := $(TOOLS)/litestream-v0.5.18
SBOM := $(TOOLS)/cyclonedx-gomod-v1.10.0
LICENCES := $(TOOLS)/go-licence-detector-v0.11.1

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

## What is shipped

# The notices of what the binary contains, for `statuspage licenses`: after every change of go.mod. A test compares them with what is linked.
notices: $(LICENCES)
	.ci/notices $(LICENCES) server/notices.txt

# A bill of materials of the binary, in CycloneDX's form.
sbom: $(SBOM) assets
	@mkdir -p bin
	CGO_ENABLED=1 $(SBOM) app -json -licenses -std -main server -output bin/statuspage.cdx.json .

# Writes the digests of the Dockerfile's bases into it, as the registry has them now.
bases:
	.ci/bases Dockerfile

# With each release: a small database as this version writes it, which every later one opens, upgrades and writes to.
release-database:
	$(GO) test -count=1 ./server/store -run TestTheDatabaseOfARelease$$ -write-release $(NAME)

## Checking: what CI runs, quickest first

test:
	@.ci/parts $(MAKE) tools fmt-check vet types build lint dead vuln lists unit

# While working: all of the above that takes a minute or two, and of the tests the fast ones: without browsers, other
# programs and the laboratory.
check:
	@.ci/parts $(MAKE) fmt-check vet types lint short

short: assets
	$(GO) test -short ./shared/... ./server/... .

LISTS := LISTS=1 $(GO) test -count=1 ./public/build/generate -run TestTheListsOfTheReadme

# README.md's three lists of what a change takes, followed on a copy. Once more when it fails, as .ci/unit does: it builds and tests a copy of the tree beside whatever else runs.
lists: assets
	$(LISTS) || { echo "the lists failed once; again:" >&2; $(LISTS); }

# The scripts and styles that have the formatter's style; "." is all of them.
STYLED := .

fmt: node_modules/.package-lock.json
	gofmt -w $$(git ls-files '*.go')
	node_modules/.bin/biome format --write $(STYLED)

fmt-check: node_modules/.package-lock.json
	@wrong=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$wrong" || { echo "not formatted (make fmt):"; echo "$$wrong"; exit 1; }
	@node_modules/.bin/biome format $(STYLED)

vet: assets
	$(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./shared/... ./wasm/...

lint: $(LINT) assets
	$(LINT) run ./...

# Functions that nothing calls, tests included.
dead: $(DEAD) assets
	@unused=$$($(DEAD) -test ./...); test -z "$$unused" || { echo "nothing calls:"; echo "$$unused"; exit 1; }

types: node_modules/.package-lock.json
	node_modules/.bin/tsc --project tsconfig.json

# Under the race detector, and without it what server/racetest leaves to a second run.
unit: $(SUM) assets node_modules/.package-lock.json
	.ci/unit $(SUM) $(SLOWEST)

vuln: $(VULN) assets
	.ci/vuln $(VULN)

## Longer than anybody waits for

fuzz:
	.ci/fuzz $(MINUTES)

soak: build
	SOAK=$(MINUTES)m $(GO) test -count=1 -timeout $$(( 3 * $(MINUTES) + 20 ))m -run 'Soak|Fault' -v ./lab/...
	SIM_SEEDS=$(SEEDS) $(GO) test -count=1 -timeout 4h -run Seeds ./lab/simulation

# The loss of a machine whose file is copied by Litestream, which takes minutes to build.
drill: $(LITESTREAM) assets
	$(GO) test -count=1 -run Litestream -v ./server

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

$(DEAD):
	.ci/install $@ golang.org/x/tools/cmd/deadcode@v0.52.0

$(LITESTREAM):
	.ci/install $@ github.com/benbjohnson/litestream/cmd/litestream@v0.5.18

$(LICENCES):
	.ci/install $@ go.elastic.co/go-licence-detector@v0.11.1

$(SBOM):
	.ci/install $@ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

$(SUM):
	.ci/install $@ gotest.tools/gotestsum@v1.13.0
