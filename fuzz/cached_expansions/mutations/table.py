"""The table of mutations, by name."""

TABLE = {}


def mutation(name):
    """Register a function from a `Pick` to a statement as a kind of mutation."""

    def register(function):
        assert name not in TABLE, name
        TABLE[name] = function
        return function

    return register
