# Highball. `make` alone shows what there is to make.
#
# Everything that is fetched or made stays in this directory, in places that
# git ignores: bin, .venv (Python), .tools (Go tools).

GO       ?= go
PYTHON   ?= python3
VENV     ?= .venv
TOOLS    := $(CURDIR)/.tools
DEMO     ?= 127.0.0.1:8000
FUZZTIME ?= 10s
RESULTS  ?=

STATICCHECK := v0.8.2
H2SPEC      := v2.2.1
PEBBLE      := v2.10.1
CROSS       := linux/amd64 linux/arm64 darwin/arm64

# The race detector needs cgo, and so a C compiler.
RACE := $(shell command -v "$$($(GO) env CC)" >/dev/null 2>&1 && echo -race)
# A package may take longer than ten minutes, where the machine is slow.
GO_TEST := $(if $(RACE),CGO_ENABLED=1) $(GO) test $(RACE) -timeout 20m

# Tests find the virtualenv's python3, and the tools, as anybody would: first on PATH.
WITH_VENV := PATH="$(CURDIR)/$(VENV)/bin:$(TOOLS)/pebble-$(PEBBLE):$$PATH"

# The virtualenv has what $(1) lists, pinned, once the stamp $(VENV)/$(1) is there.
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check install --quiet

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1|/' | \
		awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

.PHONY: build
build: ## bin/highball, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/highball ./cmd/highball

# Each platform has a wheel with the binary for it; pip fetches what builds it.
PLATFORM :=
WHEEL     = HIGHBALL_PLATFORM=$(1) GO="$(GO)" $(VENV)/bin/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist ./python

.PHONY: wheel
wheel: $(VENV)/bin/pip ## dist/*.whl, the PyPI package for this platform (PLATFORM=linux/arm64: for that one)
	$(call WHEEL,$(PLATFORM))
	@ls -l dist

.PHONY: wheels
wheels: $(VENV)/bin/pip ## the wheels for each platform that is promised
	$(foreach platform,$(CROSS),$(call WHEEL,$(platform)) &&) ls -l dist

.PHONY: demo
demo: build $(VENV)/.flask ## serve examples/flask_app on 127.0.0.1:8000
	@echo
	@echo "    Open http://$(DEMO)/ in a browser. Ctrl-C stops the server."
	@echo
	@bin/highball run --chdir examples/flask_app --python $(CURDIR)/$(VENV)/bin/python --bind $(DEMO)

.PHONY: test
test: test-go test-hostile test-allocations test-mounted test-python ## every test there is

# With RESULTS=directory, what the tests did is also left there for .ci/report.py.
.PHONY: test-go
test-go: build $(VENV)/.test $(TOOLS)/h2spec-$(H2SPEC)/h2spec pebble ## go test, with the race detector where it can be built
ifeq ($(RESULTS),)
	$(WITH_VENV) $(GO_TEST) $$($(GO) list ./... | grep -v /e2e/hostile)
else
	@mkdir -p $(RESULTS)
	$(WITH_VENV) $(GO_TEST) -json $$($(GO) list ./... | grep -v /e2e/hostile) > $(RESULTS)/go.json
endif

# Crowds against a clock: neither beside other tests nor with the race detector, which
# has the server ten times slower.
.PHONY: test-hostile
test-hostile: build $(VENV)/.test ## slow and hostile clients
ifeq ($(RESULTS),)
	$(WITH_VENV) $(GO) test -count=1 ./e2e/hostile
else
	@mkdir -p $(RESULTS)
	$(WITH_VENV) $(GO) test -count=1 -json ./e2e/hostile > $(RESULTS)/hostile.json
endif

# The race detector has pools forget what they hold, so that these need a build without.
.PHONY: test-allocations
test-allocations: ## what must not be allocated
	$(GO) test -count=1 -run 'Alloc|NothingServesAgain' . ./internal/...

# net/http ends the context of a client that closes its own direction.
.PHONY: test-mounted
test-mounted: build $(VENV)/.test ## the end-to-end tests once more, over net/http's server
	HIGHBALL_TEST_ENGINE=net/http $(WITH_VENV) $(GO) test -count=1 -skip '^TestHalfCloseIsNotLeaving$$' ./e2e

.PHONY: test-python
test-python: build $(VENV)/.test $(TOOLS)/upstream/.fetched ## pytest of the Python sides, and others' own tests with Highball as their server
	$(WITH_VENV) $(VENV)/bin/python -m pytest $(if $(RESULTS),--junitxml=$(RESULTS)/pytest.xml)

.PHONY: check
check: fmt tidy vet staticcheck ruff mypy cross ## formatters, linters, types, cross-builds

.PHONY: fmt
fmt: ## fail if gofmt would change a file
	@found="$$(gofmt -l *.go cmd internal e2e bench examples)"; \
		test -z "$$found" || { echo "gofmt would change:"; echo "$$found"; exit 1; }

.PHONY: tidy
tidy: ## fail if go mod tidy would change go.mod or go.sum
	$(GO) mod tidy -diff

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: staticcheck
staticcheck: $(TOOLS)/$(STATICCHECK)/staticcheck ## staticcheck, by staticcheck.conf
	$< ./...

.PHONY: ruff
ruff: $(VENV)/.check ## ruff, by pyproject.toml
	$(VENV)/bin/ruff check --output-format=concise .
	$(VENV)/bin/ruff format --check .

.PHONY: mypy
mypy: $(VENV)/.check ## mypy --strict on the Python side
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy internal/gunicorn/evaluate.py

.PHONY: cross
cross: ## build for each platform that is promised
	@set -e; for platform in $(CROSS); do \
		echo "build $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -o /dev/null ./cmd/highball; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) vet ./...; \
	done

.PHONY: pebble
pebble: $(TOOLS)/pebble-$(PEBBLE)/pebble-challtestsrv ## the certificate authority that tests ask, and its DNS

# Go's fuzzer may end by the very deadline that FUZZTIME is, and call that a failure
# (golang.org/issue/48591). One that found something says which input failed.
.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (10s)
	@failed=0; for file in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
			echo "fuzz $$(dirname $$file) $$target"; \
			out=$$($(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$(dirname $$file) 2>&1) && ended=0 || ended=1; \
			echo "$$out"; \
			case $$ended$$out in \
				0*) ;; \
				*"Failing input"*) failed=1 ;; \
				*"    context deadline exceeded"*) ;; \
				*) failed=1 ;; \
			esac; \
		done; \
	done; exit $$failed

.PHONY: format
format: $(VENV)/.check ## let gofmt and ruff rewrite what they would
	gofmt -w *.go cmd internal e2e bench examples
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

.PHONY: docs
docs: build ## write docs/CONFIG.md from the settings table, docs/CLAUSES.md from the tests
	bin/highball config docs > docs/CONFIG.md
	$(GO) test ./e2e -count=1 -run "^TestClausesAreDocumented$$" -update

.PHONY: bench
bench: build $(VENV)/.bench ## measure beside gunicorn on this machine
	$(WITH_VENV) $(GO) run ./bench

.PHONY: conformance
conformance: $(VENV)/.bench ## send the corpus to other servers too, and write docs/CONFORMANCE.md
	$(WITH_VENV) $(GO) run ./bench/conformance

.PHONY: clean
clean: ## remove everything that was made
	rm -rf bin $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache

$(TOOLS)/$(STATICCHECK)/staticcheck:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK)

# The conformance suite for HTTP/2 that a test of internal/h2 runs.
$(TOOLS)/h2spec-$(H2SPEC)/h2spec:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install github.com/summerwind/h2spec/cmd/h2spec@$(H2SPEC)+incompatible

$(TOOLS)/pebble-$(PEBBLE)/pebble-challtestsrv:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install github.com/letsencrypt/pebble/v2/cmd/pebble@$(PEBBLE)
	GOBIN=$(@D) $(GO) install github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@$(PEBBLE)

# pip is the last thing that venv puts there: without it the virtualenv is a
# broken one (python3-venv is missing, perhaps), and is made anew.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9))' || \
		{ echo "$(PYTHON) is missing or older than 3.9: name another, as in 'make PYTHON=python3.12 ...'"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.flask: $(VENV)/bin/pip examples/flask_app/requirements.txt
	$(PIP) -r examples/flask_app/requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/bin/pip requirements/test.txt requirements/apps.txt examples/flask_app/requirements.txt examples/django_site/requirements.txt
	$(PIP) -r requirements/test.txt
	@touch $@

# Sources of others, for their tests, which are in no wheel.
$(TOOLS)/upstream/.fetched: requirements/upstream.txt | $(VENV)/bin/pip
	@rm -rf $(@D) && mkdir -p $(@D)
	$(VENV)/bin/python -m pip --disable-pip-version-check download --quiet --no-deps --no-binary :all: --dest $(@D) -r $<
	@set -e; for sdist in $(@D)/*.tar.gz; do tar -xzf $$sdist -C $(@D); done
	@touch $@

$(VENV)/.check: $(VENV)/bin/pip requirements/check.txt
	$(PIP) -r requirements/check.txt
	@touch $@

$(VENV)/.bench: $(VENV)/bin/pip requirements/bench.txt requirements/apps.txt
	$(PIP) -r requirements/bench.txt
	@touch $@
