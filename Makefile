# The work is done by the scripts in tools/; each makes what it needs below build/.
# PYTHON=/path/to/python chooses the interpreter, ARGS="-k lambda" goes to pytest or the benchmark.

.PHONY: help demo test test-all test-next test-upstream test-engines test-reads test-borrows test-shipping lint format bench bench-engines asan fuzz fuzz-foreign fuzz-loads refleaks clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "  make %-15s%s\n", $$1, $$2 }'

demo:  ## the main job: Python code sent to a bare interpreter; ENGINE=dask: to an engine
	@tools/demo.sh "$(ENGINE)" $(ARGS)

test:  ## build and test with one interpreter
	@tools/test.sh $(ARGS)

test-all:  ## the same with CPython 3.10 to 3.13, as far as they are found
	@tools/test_all.sh $(ARGS)

test-next:  ## the same with CPython 3.14 and 3.15 in a chroot (needs root)
	@tools/test_next.sh $(ARGS)

test-upstream:  ## cloudpickle's own tests, with cppickle under its name
	@tools/test_upstream.sh $(ARGS)

test-engines:  ## real clusters of Dask, Ray, Spark and others; ARGS="dask ray" chooses
	@tools/test_engines.sh $(ARGS)

test-reads:  ## the check of recordings reads all that the reducers read
	@tools/test_reads.sh $(ARGS)

test-borrows:  ## no foreign code runs while the engine borrows objects
	@tools/test_borrows.sh $(ARGS)

test-shipping:  ## real packages, shipped to a bare worker, run their own tests there
	@tools/test_shipping.sh $(ARGS)

lint:  ## check formatting, style and types
	@tools/lint.sh

format:  ## format the sources
	@tools/lint.sh --fix

bench:  ## measure against the rivals, with outputs compared
	@tools/run.sh bench -m benchmarks $(ARGS)

bench-engines:  ## the same on Dask, Ray, Spark, joblib and processes
	@tools/bench_engines.sh $(ARGS)

asan:  ## the suite under the address and undefined-behaviour sanitizers
	@tools/asan.sh $(ARGS)

fuzz:  ## recorded dumps against dumps that are written out; ARGS="--dumps 1000000 --seed 1"
	@tools/fuzz.sh $(ARGS)

fuzz-foreign:  ## foreign code that meddles in dumps, under the sanitizers; ARGS="--seconds 1800"
	@tools/asan.sh --fuzz foreign_code $(ARGS)

fuzz-loads:  ## damaged streams against CPython's unpicklers, under the sanitizers; ARGS="--seed 1"
	@tools/asan.sh --fuzz loads $(ARGS)

refleaks:  ## check on a debug build of Python that reference counts do not grow
	@tools/refleaks.sh $(ARGS)

clean:  ## remove build/
	rm -rf build
