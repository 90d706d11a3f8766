# Freehold's commands. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# What the emulated droplet and the tests take from Debian:
#   python3-venv            Python's own tool for a separate environment
#   qemu-*, seabios, ipxe-qemu  the virtual machine
#   mmdebstrap, e2fsprogs   its disk
#   genisoimage             its cloud-init drive
#   openssh-client, rsync   how a deploy reaches a host
#   pebble, socat           the certificate authority beside it, and the way there
#   jekyll                  builds the example blog
#   curl, openssl, chromium what the tests look from
#   libfaketime             a clock that the tests can set
PACKAGES := python3-venv qemu-system-x86 qemu-utils seabios ipxe-qemu mmdebstrap e2fsprogs \
	genisoimage pebble socat openssh-client rsync jekyll curl openssl ca-certificates chromium iproute2 \
	libfaketime

BIN := .venv/bin
PYTHON := $(BIN)/python
# Touched last, so that an environment that was cut off is made again. Not the interpreter itself:
# that is a link to the system's.
VENV := .venv/complete
EMULATOR := $(or $(FREEHOLD_EMULATOR),.emulator)
BLOG := examples/blog
SITE := $(BLOG)/_site
SHELL_SCRIPTS := $(shell grep -rlE '^#!/bin/(ba)?sh' files emulator .ci --include='*' --exclude='*.pyc')

##@ A droplet on this machine
.PHONY: up
up: tools $(SITE)/index.html ## A whole running system on an emulated droplet, no account needed
	@$(PYTHON) -m emulator up
	@$(MAKE) $(EMULATOR)/deployed
	@$(PYTHON) -m commands.welcome

# Younger than everything that a deploy depends on: then a second `make up` need not ask the host.
DESCRIPTION := deploy.py inventory.py config.py deploys facts operations settings group_data \
	templates files
$(EMULATOR)/deployed: $(shell find $(DESCRIPTION) -type f -not -name '*.pyc') $(SITE)/index.html
	@$(MAKE) deploy LIMIT=emulated
	@touch $@

.PHONY: down
down: $(VENV) ## Shut the emulated droplet down; its disk stays
	@$(PYTHON) -m emulator down

.PHONY: clean
clean: ## Remove the emulated droplet, the caches and the environment
	@# Without Python, which may be what is broken: no emulated droplet may outlive its folder.
	@for folder in $(EMULATOR) .cache/*-droplet; do \
		for pid in $$(cat $$folder/qemu.pid $$folder/authority/*.pid 2>/dev/null); do \
			{ cat /proc/$$pid/cmdline; echo "$$(readlink /proc/$$pid/cwd)/"; } 2>/dev/null | \
				grep -qaF "$$(realpath $$folder)/" && kill -9 $$pid; \
		done; \
	done
	@rm -rf $(EMULATOR) .cache .venv .venv-audit $(SITE) $(BLOG)/.jekyll-cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis

##@ Every day
.PHONY: deploy
deploy: $(VENV) ## Bring the hosts to what is described (LIMIT=host or group, DRY=1 only shows)
	@$(BIN)/pyinfra inventory.py deploy.py $(if $(DRY),--dry,-y) $(if $(LIMIT),--limit $(LIMIT))

# make itself ends with 2 whatever a recipe ends with, and 2 means drift here. So the question is
# asked before any recipe, and make's own --question, which ends with 1, stands for an error.
ifeq ($(MAKECMDGOALS),drift)
DRIFT := $(shell mkdir -p .cache; $(MAKE) $(VENV) >&2 || { echo 1; exit; }; \
	$(PYTHON) -m commands.drift $(if $(LIMIT),--limit $(LIMIT)) >.cache/drift && echo 0 || echo $$?)
ifeq ($(filter 0 2,$(DRIFT)),)
MAKEFLAGS += --question
endif
endif
.PHONY: drift
drift: ## List what a deploy would change: exit 0 nothing, 2 something, 1 error
	@cat .cache/drift; exit $(DRIFT)

.PHONY: status
status: $(VENV) ## How the hosts are, and what to type where something is wrong (JSON=1, LIMIT=)
	@$(PYTHON) -m commands.status $(if $(JSON),--json) $(if $(LIMIT),--limit $(LIMIT))

.PHONY: certificate
certificate: $(VENV) ## Ask the certificate authority at once, after a failed order (LIMIT=)
	@$(PYTHON) -m commands.certificate $(if $(LIMIT),--limit $(LIMIT))

.PHONY: verify
verify: $(VENV) ## Test the hosts of the inventory, a real droplet too (LIMIT=)
	@FREEHOLD_LIMIT="$(LIMIT)" $(BIN)/pytest tests/host

.PHONY: dashboard
dashboard: $(VENV) ## A link that signs your browser in to the dashboard, once (LIMIT=)
	@$(PYTHON) -m commands.dashboard $(if $(LIMIT),--limit $(LIMIT))

.PHONY: token
token: export TOKEN_NAME = $(NAME)
token: $(VENV) ## A token with which programs read the statistics (NAME=phone, DOMAIN=, LIMIT=)
	@$(PYTHON) -m commands.token $(if $(LIMIT),--limit $(LIMIT)) $(if $(DOMAIN),--site $(DOMAIN)) -- "$$TOKEN_NAME"

.PHONY: stats
stats: $(VENV) ## Pages and countries of the last 30 days (DAYS=)
	@$(PYTHON) -m commands.stats --days $(or $(DAYS),30) $(if $(LIMIT),--limit $(LIMIT))

# SITE is also a variable of this file.
ONE_SITE = $(if $(filter command,$(origin SITE)),--site $(SITE))

.PHONY: import-log
import-log: $(VENV) ## Count the page views of old access logs (FILES="a.log b.log.gz" SITE= LIMIT=)
	@test -n "$(FILES)" || { echo 'Name the logs: make import-log FILES="access.log access.log.1.gz"'; exit 1; }
	@PYTHONPATH=files/analytics/src $(PYTHON) -m commands.import_log $(ONE_SITE) \
		$(if $(LIMIT),--limit $(LIMIT)) $(FILES)

.PHONY: export
export: $(VENV) ## Save all that was counted as one zip in this folder (SITE=, LIMIT=)
	@$(PYTHON) -m commands.exports $(ONE_SITE) $(if $(LIMIT),--limit $(LIMIT))

.PHONY: import
import: $(VENV) ## Take in FILES="a.zip b.csv": an export, Plausible's or GoatCounter's (SITE=, LIMIT=)
	@PYTHONPATH=files/analytics/src $(PYTHON) -m commands.imports $(ONE_SITE) \
		$(if $(LIMIT),--limit $(LIMIT)) $(FILES)

.PHONY: analytics
analytics: $(VENV) ## The analytics' own commands, such as ARGS="sites" (ARGS= lists them)
	@$(PYTHON) -m commands.analytics $(if $(LIMIT),--limit $(LIMIT)) -- $(ARGS)

.PHONY: ssh
ssh: $(VENV) ## A shell on the host (LIMIT=)
	@$(PYTHON) -m commands.ssh $(if $(LIMIT),--limit $(LIMIT))

.PHONY: logs
logs: $(VENV) ## Follow the services' logs, until Ctrl-C (SERVICE=nginx, errors, webapp, worker or db)
	@$(PYTHON) -m commands.logs $(SERVICE) $(if $(LIMIT),--limit $(LIMIT))

##@ Writing
.PHONY: site
site: packages $(SITE)/index.html ## Build the example blog

.PHONY: preview
preview: packages ## Show the example blog while you write, at http://127.0.0.1:4000
	@jekyll serve --source $(BLOG) --destination .cache/preview --host 127.0.0.1

.PHONY: dev
dev: packages $(VENV) $(SITE)/index.html ## Run the analytics service with hot reload, without Docker (COUNT_FROM=log)
	@PYTHONPATH=files/analytics/src $(PYTHON) -m analytics.dev \
		$(if $(COUNT_FROM),--count-from $(COUNT_FROM)) $(SITE)

.PHONY: demo
demo: packages $(VENV) $(SITE)/index.html ## Show the dashboard with a made-up year, without Docker
	@PYTHONPATH=files/analytics/src $(PYTHON) -m analytics.dev --demo $(SITE)

##@ Proving
# One more than there are processors, for some tests wait.
UNIT_TESTS := --numprocesses $(shell expr $$(nproc) + 1) --ignore files/analytics/tests/browser \
	--ignore files/analytics/tests/faults
.PHONY: check
check: $(VENV) ## Under two minutes: style, types, unit tests, templates, shell, YAML
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/shellcheck $(SHELL_SCRIPTS)
	@$(BIN)/yamllint --strict .
	@$(BIN)/pytest $(UNIT_TESTS)

.PHONY: coverage
coverage: $(VENV) ## The lines and branches that no unit test runs; fails if they become more
	@$(BIN)/pytest $(UNIT_TESTS) --cov --cov-report term

# On a droplet of its own: the one of `make up` is left alone. An emulated droplet takes one core.
# While it is deployed, what needs none is tested on what is left; then a clone of it meets the
# faults while the first one lives an ordinary life.
TEST_DROPLET := $(CURDIR)/.cache/test-droplet
FAULTS_DROPLET := $(CURDIR)/.cache/faults-droplet
.PHONY: test
test: tools .venv-audit/complete $(SITE)/index.html ## Everything: check, and a fresh droplet, deployed, tested, rebooted, tested
	@$(MAKE) test-on-a-fresh-droplet

.PHONY: test-on-a-fresh-droplet
test-on-a-fresh-droplet: export FREEHOLD_EMULATOR = $(TEST_DROPLET)
test-on-a-fresh-droplet:
	@$(PYTHON) -m emulator destroy
	@trap 'for folder in $(TEST_DROPLET) $(FAULTS_DROPLET); do \
		FREEHOLD_EMULATOR=$$folder $(PYTHON) -m emulator power-cut; done' EXIT; \
	$(PYTHON) -m emulator up; \
	$(BIN)/pytest tests/emulator/test_droplet.py tests/emulator/test_clone.py; \
	$(MAKE) --jobs=2 test-deploy test-without-droplet; \
	$(PYTHON) -m emulator clone $(FAULTS_DROPLET); \
	$(MAKE) --jobs=2 test-life test-faults
	@for folder in $(TEST_DROPLET) $(FAULTS_DROPLET); do \
		FREEHOLD_EMULATOR=$$folder $(PYTHON) -m emulator destroy; done

# Each line says which of two it is of; -vv has pytest print one for each test.
LABEL = 2>&1 | sed --unbuffered 's/^/$@: /'
# Those of `make audit` that take seconds; in `make check` are those that need no host.
QUICK_SCANNERS := ssh-audit sslyze gixy-ng "CIS Docker Benchmark"
.PHONY: test-deploy test-without-droplet test-life test-faults
test-deploy:
	@$(MAKE) deploy LIMIT=emulated $(LABEL)
test-without-droplet:
	@{ nice $(MAKE) check; \
		nice $(BIN)/pytest -vv files/analytics/tests/browser tests/browser/test_tracker_*.py \
			tests/emulator/test_images.py tests/deploys/test_nginx_*.py \
			tests/deploys/test_acme_orders.py; } $(LABEL)
test-life:
	@# The second run is the first thing: any other deploy would hide what it changes.
	@{ $(BIN)/pytest -vv tests/deploys/test_second_run.py tests/deploys/test_changes.py \
			tests/deploys/test_lock.py tests/deploys/test_acme.py; \
		FREEHOLD_LIMIT=emulated $(BIN)/pytest -vv tests/host; \
		$(PYTHON) -m audit --check --limit emulated $(QUICK_SCANNERS); \
		$(BIN)/pytest -vv tests/browser/test_[!t]*.py tests/commands \
			tests/faults/test_allowed_from.py; \
		$(PYTHON) -m emulator reboot; \
		FREEHOLD_LIMIT=emulated $(BIN)/pytest -vv tests/host; \
		$(BIN)/pytest -vv tests/deploys/test_count_from_log.py; } $(LABEL)
test-faults: export FREEHOLD_EMULATOR = $(FAULTS_DROPLET)
test-faults:
	@# The weekly rebuild takes a quarter of an hour; `make faults` has it.
	@{ $(BIN)/pytest -vv tests/faults --ignore tests/faults/test_half_a_gigabyte.py \
			--ignore tests/faults/test_allowed_from.py --ignore tests/faults/test_rebuild.py; \
		$(BIN)/pytest -vv tests/privacy; \
		$(BIN)/pytest -vv tests/faults/test_half_a_gigabyte.py; } $(LABEL)

.PHONY: faults
faults: up ## Every fault on purpose, the slow ones too, on the droplet of make up (an hour without KVM)
	@$(BIN)/pytest -vv files/analytics/tests/faults tests/faults

.PHONY: audit
audit: tools .venv-audit/complete ## Outside scanners look at the host; each finding is explained or a fault (TOOLS=, LIMIT=)
	@$(PYTHON) -m audit $(if $(LIMIT),--limit $(LIMIT)) $(TOOLS)

.PHONY: bench
bench: tools $(SITE)/index.html ## Measure events, dashboard and a deploy, and write benchmarks/results
	@$(PYTHON) -m benchmarks.taking
	@$(PYTHON) -m benchmarks.promised
	@$(PYTHON) -m benchmarks.worker
	@$(PYTHON) -m benchmarks.dashboard
	@$(PYTHON) -m benchmarks.deploy

.PHONY: lock
lock: ## Pin the requirements again, with hashes
	@$(PYTHON) -m pip install --quiet uv
	@for name in requirements requirements-dev requirements-audit files/analytics/requirements; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-header --no-emit-index-url --no-strip-extras $$name.in --output-file $$name.txt; \
	done

# ---- what the above stands on -------------------------------------------------------------------

.PHONY: tools
tools: packages $(VENV)

.PHONY: packages
packages:
	@missing=$$(for name in $(PACKAGES); do \
		dpkg-query --show --showformat='$${Status}\n' $$name 2>/dev/null | grep -qx 'install ok installed' \
			|| echo $$name; done); \
	if [ -n "$$missing" ]; then \
		echo "--> Installing from Debian:" $$missing; start=$$SECONDS; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo dpkg --configure -a; \
		$$sudo apt-get update --quiet=2; \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install \
			--quiet=2 --yes --no-install-recommends $$missing >/dev/null; \
		echo "    done in $$((SECONDS - start)) s"; \
	fi

$(VENV): requirements.txt requirements-dev.txt
	@echo "--> Installing the Python environment (.venv) …"; start=$$SECONDS; \
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed."; exit 1; }; \
	rm -rf .venv; python3 -m venv .venv; \
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-dev.txt; \
	touch $@; echo "    done in $$((SECONDS - start)) s"

# Apart from .venv: the scanners bring versions of libraries that ours need not bear.
.venv-audit/complete: requirements-audit.txt
	@echo "--> Installing the scanners (.venv-audit) …"; start=$$SECONDS; \
	rm -rf .venv-audit; python3 -m venv .venv-audit; \
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-audit.txt; \
	touch $@; echo "    done in $$((SECONDS - start)) s"

$(SITE)/index.html: $(shell find $(BLOG) -type f -not -path '*/_site/*' -not -path '*/.jekyll-cache/*' 2>/dev/null)
	@echo "--> Building the example blog …"
	@jekyll build --quiet --source $(BLOG) --destination $(SITE)
	@touch $@

.DEFAULT_GOAL := help
.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
