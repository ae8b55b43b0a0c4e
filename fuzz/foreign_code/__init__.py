"""Dumps in which foreign code meddles: it mutates, frees, raises and re-enters.

Everything that a dump may call (reducers, hooks, iterators, comparisons, finalizers,
writers, the collector) asks a `World` what to do now. A case follows from its seed.
What is looked for is a process that ends by a signal, a `SystemError`, and a stream
that is no pickle.
"""
