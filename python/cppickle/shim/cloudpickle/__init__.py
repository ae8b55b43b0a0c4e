"""cppickle under cloudpickle's name, where the folder above is on the path.

``PYTHONPATH=$(python -m cppickle.preload --path)`` switches workers without a change of
their code; install(children=True) sets it for the processes that are started.
"""

import sys

import cppickle

del sys.modules[__name__]  # it is the alias that takes this place
cppickle.install()
__import__(__name__)
