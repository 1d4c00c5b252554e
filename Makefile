# What one does here; `make help` lists it. Values given on the command line (DIGIT=7) reach
# the program as data, whatever is in them: they are copied unexpanded into variables of the
# environment, and a recipe names only those.

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
VENV := .venv/bin

PYTHON ?= python3

# Variable of make = parameter of the notebook.
PARAMETERS := DIGIT=positive_digit BATCH_SIZE=batch_size STEPS_PER_EPOCH=steps_per_epoch \
  EPOCHS=epochs FEED=feed STEPS_PER_EXECUTION=steps_per_execution SEED=seed RUN=run_name
PARAMETER_VARIABLES := $(foreach pair,$(PARAMETERS),$(firstword $(subst =, ,$(pair))))
KNOWN_VARIABLES := $(PARAMETER_VARIABLES) OUTPUTS PYTHON

given = $(filter command,$(word 1,$(origin $(1))))
GIVEN := $(foreach name,$(filter-out MAKEFLAGS -% .%,$(.VARIABLES)),$(if $(call given,$(name)),$(name)))
UNKNOWN := $(filter-out $(KNOWN_VARIABLES),$(GIVEN))
ifneq ($(UNKNOWN),)
$(error unknown variable $(firstword $(UNKNOWN)); allowed: $(KNOWN_VARIABLES))
endif

ifeq ($(filter run,$(MAKECMDGOALS)),)
ifneq ($(filter $(PARAMETER_VARIABLES),$(GIVEN)),)
$(error $(firstword $(filter $(PARAMETER_VARIABLES),$(GIVEN))) is for `make run` only)
endif
endif

# make would expand what is given on its command line in order to export it: keep it from that.
unexport $(KNOWN_VARIABLES)
$(foreach name,$(filter $(KNOWN_VARIABLES),$(GIVEN)),$(eval export EPOCHWATCH_$(name) := $$(value $(name))))

option = $(if $(filter $(1),$(GIVEN)),$(2)"$$EPOCHWATCH_$(1)")
run_options = $(foreach pair,$(PARAMETERS),$(call option,$(firstword $(subst =, ,$(pair))),-p $(lastword $(subst =, ,$(pair)))=)) $(call option,OUTPUTS,--outputs=)

.PHONY: run lab test lint bench blog lock clean help

.venv/.ready: requirements.lock pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh "$(if $(filter PYTHON,$(GIVEN)),$$EPOCHWATCH_PYTHON,$(PYTHON))"

## run: run notebook 01 on the full MNIST and write its post
run: .venv/.ready
	@$(VENV)/epochwatch run 01_does_fit_resume $(run_options)
	@$(VENV)/python scripts/index_notebooks.py

## lab: open the notebooks in JupyterLab, on this machine only
lab: .venv/.ready
	@JUPYTER_PREFER_ENV_PATH=1 $(VENV)/jupyter lab --ip=127.0.0.1 --notebook-dir=notebooks \
	  $$([ "$$(id -u)" -ne 0 ] || echo --allow-root)

## test: run all tests
test: .venv/.ready
	@$(VENV)/python -m pytest -n 2 --dist loadfile

## lint: check code and notebooks
lint: .venv/.ready
	@$(VENV)/ruff check && $(VENV)/ruff format --check
	@$(VENV)/nbstripout --verify --keep-id notebooks/*.ipynb

## bench: measure what the README claims, into outputs/bench
bench: .venv/.ready
	@for script in bench/bench_*.py; do TF_CPP_MIN_LOG_LEVEL=3 $(VENV)/python "$$script" || exit; done

## blog: write the post of the run named default again
blog: .venv/.ready
	@$(VENV)/epochwatch post outputs/01_does_fit_resume/default
	@$(VENV)/python scripts/index_notebooks.py

## lock: resolve requirements.lock anew from pyproject.toml
lock: .venv/.ready
	@$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --extra dev --upgrade --output-file requirements.lock pyproject.toml

## clean: remove all outputs but the posts, and what tools leave
clean:
	@find outputs -mindepth 1 -maxdepth 1 ! -name blog -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache .hypothesis build src/*.egg-info
	@find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +

## help: say what there is
help:
	@echo 'make TARGET [NAME=VALUE …]'
	@echo
	@sed -n 's/^## \([a-z]*\): /  \1 /p' Makefile | awk '{ printf "  %-7s", $$1; $$1 = ""; print }'
	@echo
	@echo 'make run takes DIGIT, EPOCHS, BATCH_SIZE, STEPS_PER_EPOCH, STEPS_PER_EXECUTION,'
	@echo 'FEED (tf_data, generator, py_dataset), SEED, RUN (name of the run; default) and'
	@echo 'OUTPUTS (folder). Every target takes PYTHON, for the first set-up.'
