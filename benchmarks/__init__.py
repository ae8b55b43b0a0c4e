"""Benchmarks of cppickle beside its rivals: ``python -m benchmarks --help``.

``rivals/`` has a file for each contender, ``workloads/`` a file for each kind of
object. Every workload is measured in a process of its own (``row.py``); contenders
take turns by rounds, and what they produce is compared before it is timed.
"""
