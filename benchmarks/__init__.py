"""Our kernels against their peers, in one run: `python -m benchmarks [TOPIC …]`."""
