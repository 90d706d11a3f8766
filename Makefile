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
#   curl, openssl, ca-certificates, chromium  what the tests look from
#   iproute2                ss, by which a deploy's lock finds who holds it
#   libfaketime             a clock that the tests can set
PACKAGES := python3-venv qemu-system-x86 qemu-utils seabios ipxe-qemu mmdebstrap e2fsprogs \
	genisoimage pebble socat openssh-client rsync jekyll curl openssl ca-certificates chromium iproute2 \
	libfaketime

BIN := .venv/bin
PYTHON := $(BIN)/python
# Written last, so that an environment that was cut off is made again. Not the interpreter itself:
# that is a link to the system's.
VENV := .venv/complete
EMULATOR := $(or $(FREEHOLD_EMULATOR),.emulator)
BLOG := examples/blog
SITE := $(BLOG)/_site
SHELL_SCRIPTS := $(shell grep -rlE '^#!/bin/(ba)?sh' files emulator .ci --include='*' --exclude='*.pyc')

##@ A droplet on this machine
.PHONY: up
up: tools $(SITE)/index.html ## A whole running system on an emulated droplet, no account needed
	@$(PYTHON) -m emulator account
	@$(AS_ITS_OWNER) $(MAKE) droplet
	@$(PYTHON) -m emulator wait
	@$(AS_ITS_OWNER) $(MAKE) --silent $(EMULATOR)/deployed
	@$(PYTHON) -m commands.welcome

# With the address of the emulated Digital Ocean, and what else its owner has in the environment.
AS_ITS_OWNER = told=$$($(PYTHON) -m emulator api-env); eval "$$told";

# Younger than everything that a deploy depends on: then a second `make up` need not ask the host.
DESCRIPTION := deploy.py inventory.py config.py deploys facts operations settings group_data \
	templates files
$(EMULATOR)/deployed: $(shell find $(DESCRIPTION) -type f -not -name '*.pyc') $(SITE)/index.html
	@$(MAKE) deploy LIMIT=emulated
	@touch $@

.PHONY: down
down: $(VENV) ## Shut the emulated droplet and its account down; the disk stays
	@$(PYTHON) -m emulator down

.PHONY: clean
clean: ## Remove the emulated droplet, the caches and the environment
	@# Without Python, which may be what is broken: no emulated droplet may outlive its folder.
	@for folder in $(EMULATOR) .cache/*-droplet; do \
		for pid in $$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' $$folder/cloud/api.json 2>/dev/null; \
				grep -hs . $$folder/{,cloud/droplets/*/}qemu.pid $$folder/{,cloud/}authority/*.pid); do \
			case "$$({ cat /proc/$$pid/cmdline | tr '\0' '\n'; readlink /proc/$$pid/cwd; } 2>/dev/null)/" in \
				*"$$(realpath $$folder)/"*) kill -9 $$pid || true;; \
			esac; \
		done; \
	done
	@# A build that was killed leaves /proc mounted in its folder.
	@rm -rf --one-file-system $(EMULATOR) .cache .venv .venv-audit $(SITE) $(BLOG)/.jekyll-cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis

##@ A droplet at Digital Ocean
.PHONY: droplet
droplet: $(VENV) ## The droplet, its firewall, address and names, as described (DRY=1 only shows, with its price)
	@$(BIN)/pyinfra @local droplet.py $(if $(DRY),--dry,-y)

.PHONY: rebuild
rebuild: $(VENV) ## A new droplet in the place of the old one, from a last backup (LAST=1: from the one there is)
	@$(PYTHON) -m commands.rebuild $(if $(LAST),--last)

.PHONY: destroy
destroy: $(VENV) ## Give the droplet up: says what will be gone, and asks for its name
	@$(PYTHON) -m commands.destroy

##@ Every day
.PHONY: deploy
deploy: $(VENV) ## Bring the hosts to what is described (LIMIT=host or group, DRY=1 only shows)
	@$(BIN)/pyinfra inventory.py deploy.py $(if $(DRY),--dry,-y) $(if $(LIMIT),--limit $(LIMIT))

# make itself ends with 2 whatever a recipe ends with, and 2 means drift here, or something out of
# order. So the question is asked before any recipe, and make's own --question, which ends with 1,
# stands for an error.
QUESTION := $(if $(word 2,$(MAKECMDGOALS)),,$(filter drift status,$(MAKECMDGOALS)))
ASK_drift = $(PYTHON) -m commands.drift $(if $(LIMIT),--limit $(LIMIT))
ASK_status = $(PYTHON) -m commands.status $(if $(JSON),--json) $(if $(LIMIT),--limit $(LIMIT))
ifneq ($(QUESTION),)
ANSWER := $(shell mkdir -p .cache; rm -f .cache/$(QUESTION); $(MAKE) --silent $(VENV) >&2 || { echo 1; exit; }; \
	$(ASK_$(QUESTION)) >.cache/$(QUESTION) && echo 0 || echo $$?)
ifeq ($(filter 0 2,$(ANSWER)),)
$(info $(file <.cache/$(QUESTION)))
MAKEFLAGS += --question
endif
endif
ANSWERED = @$(if $(QUESTION),cat .cache/$@; exit $(ANSWER),$(ASK_$@))
.PHONY: drift
drift: $(VENV) ## List what a deploy would change: exit 0 nothing, 2 something, 1 error
	$(ANSWERED)

.PHONY: status
status: $(VENV) ## How the hosts are, and what to type where something is wrong (JSON=1, LIMIT=); exit as drift
	$(ANSWERED)

.PHONY: certificate
certificate: $(VENV) ## Ask the certificate authority at once, after a failed order (LIMIT=)
	@$(PYTHON) -m commands.certificate $(if $(LIMIT),--limit $(LIMIT))

BACKUP = @$(PYTHON) -m commands.backup $(if $(LIMIT),--limit $(LIMIT))
.PHONY: backup
backup: $(VENV) ## Make a backup now (LIMIT=)
	$(BACKUP) make

.PHONY: backups
backups: $(VENV) ## List the backups that there are (LIMIT=)
	$(BACKUP) list

.PHONY: restore
restore: $(VENV) ## Restore the newest backup, or another one, or go on with that (AT= YES=1 LIMIT=)
	$(BACKUP) restore $(if $(AT),--at $(AT)) $(if $(YES),--yes)

.PHONY: prove
prove: $(VENV) ## Restore the newest backup beside the live database, compare, and throw away (LIMIT=)
	$(BACKUP) prove

.PHONY: backup-key-is-safe
backup-key-is-safe: $(VENV) ## Say that the key of the backups is in a safe place too (LIMIT=)
	$(BACKUP) key-is-safe

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
	@$(PYTHON) -m commands.import_log $(ONE_SITE) \
		$(if $(LIMIT),--limit $(LIMIT)) $(FILES)

.PHONY: export
export: $(VENV) ## Save all that was counted as one zip in this folder (SITE=, LIMIT=)
	@$(PYTHON) -m commands.exports $(ONE_SITE) $(if $(LIMIT),--limit $(LIMIT))

.PHONY: import
import: $(VENV) ## Take in FILES="a.zip b.csv": an export, Plausible's or GoatCounter's (SITE=, LIMIT=)
	@$(PYTHON) -m commands.imports $(ONE_SITE) \
		$(if $(LIMIT),--limit $(LIMIT)) $(FILES)

.PHONY: analytics
analytics: $(VENV) ## The analytics' own commands, such as ARGS="sites" (ARGS= lists them)
	@$(PYTHON) -m commands.analytics $(if $(LIMIT),--limit $(LIMIT)) -- $(ARGS)

.PHONY: releases
releases: $(VENV) ## What can be gone back to: commit, when, by whom, which is live (LIMIT=)
	@$(PYTHON) -m commands.releases $(if $(LIMIT),--limit $(LIMIT))

.PHONY: rollback
rollback: $(VENV) ## To the release before, of what changed last (WHAT=site or service, TO=, LIMIT=)
	@$(PYTHON) -m commands.rollback $(if $(WHAT),--what $(WHAT)) $(if $(TO),--to $(TO)) \
		$(if $(LIMIT),--limit $(LIMIT))

.PHONY: upgrade-database
upgrade-database: $(VENV) ## Move the data to the newer PostgreSQL that postgres_image names (YES=1 LIMIT=)
	@$(PYTHON) -m commands.upgrade_database $(if $(YES),--yes) $(if $(LIMIT),--limit $(LIMIT))

.PHONY: drop-old-database
drop-old-database: $(VENV) ## Remove the old data that an upgrade has kept (LIMIT=)
	@$(PYTHON) -m commands.upgrade_database --drop-old $(if $(LIMIT),--limit $(LIMIT))

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
# By name, for to read all the others takes half a minute.
INTEGRATION_TESTS = $(shell grep -rl --include '*.py' mark.integration tests/unit files/analytics/tests)
.PHONY: check
check: $(VENV) ## Below two minutes: style, types, unit tests, templates, shell, YAML
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/shellcheck $(SHELL_SCRIPTS)
	@$(BIN)/yamllint --strict .
	@$(BIN)/pytest $(UNIT_TESTS) -m "not integration"

# The programs of the host apart: most of what they do to it the labs of tests/deploys run, by the
# host's own Python, and are not counted.
PROGRAMS_COVERED := 54
OTHERS := 'files/analytics/*,commands/*,digitalocean/*,facts/*,settings/*'
.PHONY: coverage
coverage: $(VENV) ## The lines and branches that no unit test runs; fails if they become more
	@$(BIN)/pytest $(UNIT_TESTS) -m "not slow" tests/unit tests/digitalocean files/analytics/tests \
		--cov --cov-report= --cov-fail-under=0
	@$(BIN)/coverage report --include 'files/lib/*' --fail-under $(PROGRAMS_COVERED)
	@$(BIN)/coverage report --include $(OTHERS)

# On a droplet of its own: the one of `make up` is left alone. An emulated droplet takes one core,
# and so two are at work at once: what needs none is tested on what is left. The first one lives an
# ordinary life, while or before a clone of it is looked at from outside and meets the faults.
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
	$(MAKE) --jobs=2 IN_ORDER=1 test-deploy test-without-droplet test-life test-faults; \
	echo "--> All is well, after $$SECONDS s"
	@for folder in $(TEST_DROPLET) $(FAULTS_DROPLET); do \
		FREEHOLD_EMULATOR=$$folder $(PYTHON) -m emulator destroy; done

# Each line says when it was, and which of two it is of; -vv has pytest print one for each test.
LABEL = 2>&1 | while IFS= read -r line; do printf '%(%T)T $@: %s\n' -1 "$$line"; done
# Those of `make audit` that take seconds; in `make check` are those that need no host.
QUICK_SCANNERS := ssh-audit sslyze gixy-ng "CIS Docker Benchmark"
.PHONY: test-deploy test-without-droplet test-life test-faults
test-deploy:
	@{ $(PYTHON) -m emulator up; \
		$(BIN)/pytest -vv tests/emulator/test_droplet.py; \
		$(MAKE) deploy LIMIT=emulated; } $(LABEL)
test-without-droplet:
	@{ nice -n 19 $(MAKE) check; \
		nice -n 19 $(BIN)/pytest $(UNIT_TESTS) -m integration $(INTEGRATION_TESTS); \
		nice -n 19 $(BIN)/pytest -vv --numprocesses 2 --dist loadfile -m "not slow" \
			tests/digitalocean files/analytics/tests/browser \
			tests/browser/test_tracker_*.py \
			tests/emulator/test_images.py tests/emulator/test_api_*.py \
			tests/deploys/test_nginx_*.py \
			tests/deploys/test_acme_orders.py tests/deploys/test_backup*.py \
			tests/deploys/test_restores.py tests/deploys/test_handover.py \
			tests/deploys/test_upgrade_database.py; } $(LABEL)
.PHONY: test-clone
test-clone: $(if $(IN_ORDER),test-deploy)
	@$(PYTHON) -m emulator clone $(FAULTS_DROPLET) $(LABEL)
# Each can be run by itself, on the droplets that are there.
test-life test-faults: $(if $(IN_ORDER),test-clone)
test-life:
	@# The second run is the first thing: any other deploy would hide what it changes. The clone has
	@# an authority of its own, which knows nothing of the account.
	@{ $(BIN)/pytest -vv -m "not slow" tests/deploys/test_second_run.py tests/deploys/test_acme.py; \
		FREEHOLD_LIMIT=emulated $(BIN)/pytest -vv -m "not slow" tests/host; \
		$(PYTHON) -m emulator reboot; \
		FREEHOLD_LIMIT=emulated $(BIN)/pytest -vv -m "not slow" tests/host; } $(LABEL)
test-faults:
	@# What only looks comes first: the faults leave their traces. A variable of the target would be
	@# one of what comes before it, too.
	@export FREEHOLD_EMULATOR=$(FAULTS_DROPLET); \
	{ $(PYTHON) -m audit --check --limit emulated $(QUICK_SCANNERS); \
		$(BIN)/pytest -vv -m "not slow" tests/browser/test_[!t]*.py; \
		$(BIN)/pytest -vv -m "not slow" tests/deploys/test_lock.py tests/deploys/test_changes.py \
			tests/commands tests/faults tests/privacy; } $(LABEL)

# The same droplet, to stay: for what takes too long for `make test`, or is tried one by one.
.PHONY: test-droplet
test-droplet faults bench-redeploy bench-restore: export FREEHOLD_EMULATOR = $(TEST_DROPLET)
test-droplet: tools $(SITE)/index.html ## A deployed droplet for tests, in .cache/test-droplet
	@$(PYTHON) -m emulator up
	@$(MAKE) deploy LIMIT=emulated

.PHONY: faults
faults: test-droplet ## Every fault on purpose, the slow ones too, on a droplet for tests (hours without KVM)
	@trap '$(PYTHON) -m emulator down' EXIT; \
	$(BIN)/pytest -vv files/analytics/tests/faults tests/faults; \
	FREEHOLD_LIMIT=emulated $(BIN)/pytest -vv -m slow tests/host; \
	$(BIN)/pytest -vv -m slow tests/browser tests/commands tests/deploys tests/digitalocean tests/emulator

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

.PHONY: bench-redeploy
bench-redeploy: test-droplet ## Redeploy a droplet in six ways under load: requests that fail (none)
	@trap '$(PYTHON) -m emulator down' EXIT; $(PYTHON) -m benchmarks.redeploy

.PHONY: bench-restore
bench-restore: test-droplet ## Lose a droplet and begin a fresh one with its backup: minutes, what came back
	@trap '$(PYTHON) -m emulator down' EXIT; $(PYTHON) -m benchmarks.restore

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

# An environment is of one Python and in one folder: after an upgrade of the system, or when the
# project was moved, its programs do not start. So what it was made for stands in its stamp.
MADE_FOR := $(CURDIR) $(basename $(shell python3 --version))
unless_made_for_this = $(shell grep -qsxF -- "$(MADE_FOR)" $(1) || echo anew)
.PHONY: anew
anew:

$(VENV): requirements.txt requirements-dev.txt $(call unless_made_for_this,$(VENV))
	@echo "--> Installing the Python environment (.venv) …"; start=$$SECONDS; \
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed."; exit 1; }; \
	rm -rf .venv; python3 -m venv .venv; \
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-dev.txt; \
	echo "$(MADE_FOR)" >$@; echo "    done in $$((SECONDS - start)) s"

# Apart from .venv: the scanners bring versions of libraries that ours need not bear.
.venv-audit/complete: requirements-audit.txt $(call unless_made_for_this,.venv-audit/complete)
	@echo "--> Installing the scanners (.venv-audit) …"; start=$$SECONDS; \
	rm -rf .venv-audit; python3 -m venv .venv-audit; \
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-audit.txt; \
	echo "$(MADE_FOR)" >$@; echo "    done in $$((SECONDS - start)) s"

$(SITE)/index.html: $(shell find $(BLOG) -type f -not -path '*/_site/*' -not -path '*/.jekyll-cache/*' 2>/dev/null)
	@echo "--> Building the example blog …"
	@jekyll build --quiet --source $(BLOG) --destination $(SITE)
	@touch $@

.DEFAULT_GOAL := help
.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
