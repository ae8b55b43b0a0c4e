"""A differential fuzzer of loads: cppickle's unpickler against both of CPython's.

A case is a stream, what is loaded with it, and a way to load it: from memory, from a
file, or by a subclass with hooks. Streams are those of random object graphs, damaged in
most cases. All three unpicklers have to give equal objects, which share what the others
share, or the same error; they raise the same audit events. Cases run in children, so
that one that ends by a signal, or never, is a finding like others.
"""
