#!/bin/sh
# Run a command that computes as on a plain processor: scripts/plain_arithmetic.sh COMMAND …
#
# Each library has kernels for several instruction sets, which round differently, and takes the
# best that the processor knows. Here each takes its plainest, or plainer ones where those are slow.
# What a library does not know of it passes over, so that this runs on any processor.
set -e
# NumPy refuses to be without the features it was compiled for, and takes any of the others.
NPY_DISABLE_CPU_FEATURES=$(
    .venv/bin/python -c 'from numpy._core import _multiarray_umath as numpy
print(*numpy.__cpu_dispatch__)'
)
OPENBLAS_CORETYPE=Nehalem # NumPy's and SciPy's products of matrices
TF_ENABLE_ONEDNN_OPTS=0
# oneDNN is also behind what TensorFlow multiplies without it. Its plainest kernels, SSE41, take a
# fifth longer. With TensorFlow's kernels of oneDNN, AVX2 has none for bfloat16, and aborts.
ONEDNN_MAX_CPU_ISA=AVX2
XLA_FLAGS="$XLA_FLAGS --xla_cpu_max_isa=SSE4_2"
export NPY_DISABLE_CPU_FEATURES OPENBLAS_CORETYPE TF_ENABLE_ONEDNN_OPTS ONEDNN_MAX_CPU_ISA XLA_FLAGS
exec "$@"
