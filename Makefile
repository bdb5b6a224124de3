# The front door. Everything here is one line; the work is in tools/, cmake/ and the folders that the targets name.
SHELL := bash
CACHE := $(or $(FRESHET_CACHE),$(HOME)/.cache/freshet)
export FRESHET_CACHE := $(CACHE)
# A clone in another folder finds the objects of the first one: paths are taken relative to the project.
export CCACHE_DIR := $(CACHE)/ccache
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_MAXSIZE := 5G
BUDGET ?= 60
SEEDS ?= 10000
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help setup build debug test install demo demo-stop bench format tidy docs fuzz torture asan tsan clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## install the Debian packages that are missing (root or sudo)
	@tools/setup.sh build test

build: ## build/release/freshet
	@tools/setup.sh build
	@tools/build.sh release

debug: ## build/debug/freshet, with assertions and without optimisation
	@tools/setup.sh build
	@tools/build.sh debug

test: ## everything that CI runs: unit, tidy, sanitizers, real Kafka and Superset (STAGES=unit,tidy for some)
	@tools/setup.sh build test
	@tools/run_tests.py $(if $(STAGES),--stages $(STAGES))

install: build ## install the server under PREFIX (default /usr/local)
	@cmake --install build/release --prefix "$(PREFIX)"

demo: ## Kafka, Freshet and a Superset dashboard that moves (SUPERSET=0: ends in psql)
	@demo/up.sh

demo-stop: ## stop what `make demo` started
	@demo/down.sh

bench: ## records/s against the bare client, latency, memory, connections (BUDGET=seconds a measurement)
	@tools/setup.sh build test
	@bench/run.sh

format: ## clang-format over the sources that differ from the last commit (ALL=1: over all)
	@tools/format.sh $(if $(ALL),--all)

tidy: ## the house rules and clang-tidy; findings are errors
	@tools/tidy
	@tools/format.sh --check
	@tools/clang_tidy.sh $(if $(ALL),--all)

docs: ## write docs/reference again from the code's tables
	@FRESHET_UPDATE_DOCS=1 tools/run_tests.py --stages unit

fuzz: ## every fuzzer for BUDGET seconds each (default 60)
	@tools/run_tests.py --stages sanitize --fuzz-seconds $(BUDGET)

torture: ## kill -9 and replays for BUDGET seconds, SEEDS random seeds (default 10000: hours), the deliberate bugs
	@FRESHET_TORTURE_SECONDS=$(BUDGET) FRESHET_TORTURE_SEEDS=$(SEEDS) tools/run_tests.py --stages torture

asan: ## every unit test under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/run_tests.py --stages unit --preset asan

tsan: ## every unit test under ThreadSanitizer
	@tools/run_tests.py --stages unit --preset tsan

clean: ## remove build/ (the cache of third-party builds stays)
	@rm -rf build
