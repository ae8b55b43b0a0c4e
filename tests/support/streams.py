"""Reading streams: which globals they name, which opcodes they hold."""

import pickletools

STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}


def opcodes(stream):
    """The (name, argument) pairs of `stream`."""
    return [(op.name, argument) for op, argument, _ in pickletools.genops(stream)]


def globals_named(stream):
    """The set of "module name" that loading `stream` looks up."""
    found, strings, memo, last = set(), [], [], None
    for name, argument in opcodes(stream):
        if name in STRINGS:
            strings.append(argument)
        elif name == "MEMOIZE":
            memo.append(strings[-1] if last in STRINGS else None)
        elif name in ("BINGET", "LONG_BINGET") and memo[argument] is not None:
            strings.append(memo[argument])
        elif name == "STACK_GLOBAL":
            found.add(f"{strings[-2]} {strings[-1]}")
        elif name == "GLOBAL":
            found.add(argument)
        last = name
    return found


def modules_named(stream):
    """The modules whose globals loading `stream` looks up."""
    return {entry.partition(" ")[0] for entry in globals_named(stream)}
