# What one does here; `make help` lists it. Values given on the command line (DIGIT=7) reach
# the program as data, whatever is in them: they are copied unexpanded into variables of the
# environment, and a recipe names only those.

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
VENV := .venv/bin

# Variable of make = parameter of the notebook.
PARAMETERS := DIGIT=positive_digit BATCH_SIZE=batch_size STEPS_PER_EPOCH=steps_per_epoch \
  EPOCHS=epochs FEED=feed STEPS_PER_EXECUTION=steps_per_execution SEED=seed RUN=run_name

# Notebooks whose runs named default are published.
PUBLISHED := 01_does_fit_resume 02_minority_or_majority_epoch 03_ways_to_feed_fit \
  03b_your_shuffle_may_not_shuffle 04_what_the_model_never_saw \
  05_satellite_scale_imbalance 06_after_a_crash 07_many_devices

variable_of = $(firstword $(subst =, ,$(1)))
parameter_of = $(lastword $(subst =, ,$(1)))
RUN_VARIABLES := $(foreach pair,$(PARAMETERS),$(call variable_of,$(pair))) OUTPUTS
allowed_by = $(if $(filter $(1),$(MAKECMDGOALS)),$(2))
ALLOWED := $(call allowed_by,run,$(RUN_VARIABLES)) \
  $(call allowed_by,sweep,SWEEP JOBS EXECUTOR OUTPUTS) $(call allowed_by,atlas,JOBS KERAS) $(call allowed_by,test-backends,BACKENDS) \
  $(call allowed_by,test-resuming,BACKENDS) \
  $(call allowed_by,fuzz,BACKENDS CASES SEED) PYTHON

given = $(filter command,$(word 1,$(origin $(1))))
GIVEN := $(foreach name,$(filter-out MAKEFLAGS -% .%,$(.VARIABLES)),$(if $(call given,$(name)),$(name)))
UNKNOWN := $(firstword $(filter-out $(ALLOWED),$(GIVEN)))
ifneq ($(UNKNOWN),)
TARGET := $(strip make $(MAKECMDGOALS))
$(error $(UNKNOWN): no variable of `$(TARGET)`, allowed: $(strip $(ALLOWED)))
endif

# make would expand what is given on its command line in order to export it: keep it from that.
unexport $(GIVEN)
$(foreach name,$(GIVEN),$(eval export EPOCHWATCH_$(name) := $$(value $(name))))

option = $(if $(filter $(1),$(GIVEN)),$(2)"$$EPOCHWATCH_$(1)")
run_option = $(call option,$(call variable_of,$(1)),-p $(call parameter_of,$(1))=)

# A file's tests stay together, for they share what they have trained; the longest files come first.
PYTEST := $(VENV)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
ON_TENSORFLOW := unset EPOCHWATCH_BACKEND; KERAS_BACKEND=tensorflow exec

python_option = $(or $(call option,PYTHON,asked-for ),any "$${PYTHON-python3}")

# The backends that are known, and those taken unless BACKENDS is given.
on_backends = exec sh scripts/on_backends.sh $(python_option) "$(1)" $(or $(call option,BACKENDS),"$(2)")

.PHONY: run sweep atlas lab test test-all test-slow test-batches test-backends test-resuming test-rounding fuzz lint site bench bench-backends blog lock clean help .venv

# Costs 10 ms where .venv is ready.
.venv:
	@exec sh scripts/setup.sh $(python_option)

## run: run notebook 01 on the full MNIST, its post beside it
run: .venv
	@exec $(VENV)/epochwatch run 01_does_fit_resume \
	  $(foreach pair,$(PARAMETERS),$(call run_option,$(pair))) $(call option,OUTPUTS,--outputs=)

## sweep: make the runs of a sweep, and sum them up
sweep: .venv
	@exec $(VENV)/epochwatch sweep $(call option,JOBS,--jobs=) $(call option,EXECUTOR,--executor=) \
	  $(call option,OUTPUTS,--outputs=) -- $(or $(call option,SWEEP),sweeps/digits.yaml)
	@$(VENV)/python scripts/index_sweeps.py

## atlas: measure what each way of feeding fit does (three hours)
# In environments of their own, .venv-atlas/…; what was observed is kept in outputs/atlas.
atlas: .venv
	@exec $(VENV)/python scripts/build_atlas.py $(call option,JOBS,--jobs=) $(call option,KERAS,--only=)
	@$(VENV)/python scripts/index_atlas.py

## lab: open copies of the notebooks in JupyterLab, on this machine
# Copies, in lab/: saving one leaves the clone clean. A kernel of the user's own named python3 must
# not stand in for the one of .venv.
lab: .venv
	@$(VENV)/python scripts/copy_notebooks.py
	@JUPYTER_PREFER_ENV_PATH=1 exec $(VENV)/jupyter lab --allow-root \
	  --ServerApp.ip=127.0.0.1 --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/lab/01_does_fit_resume.ipynb

## test: run the quick tests, on TensorFlow (ten minutes)
test: .venv
	@$(ON_TENSORFLOW) $(PYTEST) -m "not slow"

## test-all: run every test there is (more than an hour)
test-all: test test-slow test-batches test-backends test-resuming test-rounding

# The trainings that figures and posts are made of, in the notebooks' default runs and around them,
# and watched beside unwatched ones. All else compares whole numbers, or a training with itself.
ROUNDED := tests/notebooks/test_*_default.py tests/epochwatch_lab/strategies \
  tests/epochwatch_lab/shuffling tests/epochwatch_lab/test_imbalances.py \
  tests/epochwatch_lab/test_schedules.py tests/backends/test_watch.py tests/fuzz/test_twins.py

## test-slow: run the tests that test leaves out, on TensorFlow
# Not those that test-rounding makes, once, with another arithmetic than that of what is published,
# which must not differ in anything exact.
test-slow: .venv
	@$(ON_TENSORFLOW) $(PYTEST) -m slow --ignore=tests/batches --ignore=tests/resuming \
	  $(ROUNDED:%=--ignore-glob='%')

## test-batches: stop, kill and starve sweeps of runs
# Each of its tests is long: the next free worker takes the next. Three workers for two cores, for
# its tests wait for what is stopped and starved.
test-batches: .venv
	@$(ON_TENSORFLOW) $(PYTEST) -n 3 --dist load tests/batches

## test-rounding: train again with the arithmetic of a plain processor
test-rounding: .venv
	@$(ON_TENSORFLOW) sh scripts/plain_arithmetic.sh $(PYTEST) $(ROUNDED)

# With SAMPLE=some in the environment, as in CI, what Keras 3's backends have in common is tried on
# one of them each, here and in test-resuming.
## test-backends: run tests/backends and tests/fuzz on JAX, torch and tf_keras
# JAX and torch in environments of their own, .venv-jax …, made as .venv is. Three workers for two
# cores, for tests of Keras 2 wait.
test-backends:
	@$(call on_backends,jax torch tf_keras,jax torch tf_keras) -m pytest tests/backends tests/fuzz \
	  -n 3 --dist loadfile --no-loadscope-reorder

## test-resuming: kill trainings at every step, on TensorFlow, JAX and torch
# The next free worker takes the next test, for a script that is killed at every step takes long.
# What came of each kill, as a table: python -m tests.resuming.matrix
test-resuming:
	@$(call on_backends,tensorflow jax torch,tensorflow jax torch) -m pytest tests/resuming -n 2 --dist load

## fuzz: audit random feeds, and compare watched and plain training
# Each failure is a line of Python that makes the feed again. BACKENDS: tensorflow unless told.
fuzz:
	@$(call on_backends,tensorflow jax torch,tensorflow) -m tests.fuzz \
	  $(call option,CASES,--cases=) $(call option,SEED,--seed=)

## lint: check code and notebooks
lint: .venv
	@$(VENV)/ruff check && $(VENV)/ruff format --check
	@$(VENV)/nbstripout --verify --keep-id notebooks/*.ipynb sweeps/*.ipynb

## site: write guide, atlas, posts and API into outputs/site
site: .venv
	@$(VENV)/python scripts/build_site.py

## bench: measure what docs/costs.md says, into outputs/bench
# Not bench_records.py, which writes 16 GB, nor bench_scale.py, which needs DuckDB: run them by hand.
# They and bench_samplers.py keep what they find in bench.
BY_HAND := bench/bench_records.py bench/bench_scale.py
bench: .venv
	@for script in $(filter-out $(BY_HAND),$(wildcard bench/bench_*.py)); do \
	  EPOCHWATCH_BACKEND= KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 \
	    $(VENV)/python "$$script" || exit; \
	done

## bench-backends: measure what watching costs on JAX and torch
# In the environments of test-backends.
bench-backends:
	@for backend in jax torch; do \
	  sh scripts/setup.sh $(python_option) $$backend && \
	  EPOCHWATCH_BACKEND= KERAS_BACKEND=$$backend TF_CPP_MIN_LOG_LEVEL=3 \
	    .venv-$$backend/bin/python bench/bench_watching.py || exit; \
	done

## blog: publish the finished runs named default as posts
blog: .venv
	@$(VENV)/epochwatch post --skip-missing $(PUBLISHED:%=outputs/%/default)
	@$(VENV)/python scripts/index_notebooks.py

## lock: resolve the locks again from pyproject.toml
lock: .venv
	@exec sh scripts/lock.sh $(VENV)/uv

## clean: remove all outputs except the posts, and the files of tools
clean:
	@[ ! -d outputs ] || find outputs -mindepth 1 -maxdepth 1 ! -name blog -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache .hypothesis build dist src/*.egg-info
	@find . \( -path './.venv*' -o -path ./.git \) -prune -o -type d \
	  \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
	@echo 'Kept: outputs/blog, and .venv* (rm -rf .venv* removes them).'

## help: list the targets
help:
	@echo 'make TARGET [NAME=VALUE …]'
	@echo
	@sed -n 's/^## \([a-z-]*\): /  \1 /p' Makefile | awk '{ printf "  %-15s", $$1; $$1 = ""; print }'
	@echo
	@echo 'make run takes DIGIT, EPOCHS, BATCH_SIZE, STEPS_PER_EPOCH, STEPS_PER_EXECUTION,'
	@echo 'FEED (tf_data, generator, py_dataset), SEED, RUN (name of the run; default) and'
	@echo 'OUTPUTS (folder). make sweep takes SWEEP=sweeps/seeds.yaml, JOBS (runs at once),'
	@echo 'EXECUTOR (tcp://HOST:PORT of a dask scheduler) and OUTPUTS.'
	@echo 'make atlas takes KERAS=keras-3.15.1, of atlas/environments.yaml, and JOBS.'
	@echo 'make test-backends takes BACKENDS="jax torch tf_keras".'
	@echo 'make test-resuming takes BACKENDS="tensorflow jax torch".'
	@echo 'make fuzz takes CASES, SEED and BACKENDS="tensorflow jax torch".'
	@echo 'Every target takes PYTHON=python3.12, 3.11 to 3.13.'
