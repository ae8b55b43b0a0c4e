"""What an engine gains: ``python -m benchmarks.engines ENGINE`` in its environment."""
