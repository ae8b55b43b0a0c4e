"""A differential fuzzer: recorded dumps against dumps that are written out.

A case is a list of steps. Most are statements, which define or change a graph of code
and data; the others dump a part of it: with `cppickle.dumps`, which records and
repeats, and with a pickler that has a hook, which never does. Both have to give the
same bytes. As all of a case is text, it can be made smaller, written to a file and run
again.
"""
