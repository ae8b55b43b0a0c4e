"""Importable objects with identity, and when two graphs are the same but for it."""


class Node:
    """An importable object with state that can be in a set and in a cycle."""

    def __init__(self, *links):
        self.links = list(links)


class Slotted:
    """The same with slots."""

    __slots__ = ("links", "never_set")

    def __init__(self, *links):
        self.links = list(links)


def isomorphic(left, right):
    """Whether the two graphs have the same shape, types, values and sharing.

    Numbers and texts are compared by value; everything else also by identity.
    """
    twins, todo, kept = {}, [(left, right)], []
    while todo:
        a, b = todo.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, (type(None), bool, int, float, str, bytes)):
            if a != b or repr(a) != repr(b):
                return False
            continue
        if a == ():
            if b != ():
                return False
            continue
        kept.append((a, b))
        if (id(a) in twins) != (("right", id(b)) in twins):
            return False
        if id(a) in twins:
            if twins[id(a)] != id(b):
                return False
            continue
        twins[id(a)], twins["right", id(b)] = id(b), id(a)
        pairs = paired_parts(a, b)
        if pairs is None:
            return False
        todo.extend(pairs)
    return True


def paired_parts(a, b):
    """The parts of `a` beside the parts of `b`; None if they do not match."""
    if isinstance(a, bytearray):
        return [] if a == b else None
    if isinstance(a, (Node, Slotted)):
        return [(a.links, b.links)]
    if len(a) != len(b):
        return None
    if isinstance(a, dict):
        return [*zip(a, b), *zip(a.values(), b.values())]
    if isinstance(a, (set, frozenset)):
        return paired_elements(a, b)
    return list(zip(a, b))


def paired_elements(a, b):
    """Elements of two sets, paired where that can be told from outside."""
    rest = [x for x in a if by_identity(x)], [x for x in b if by_identity(x)]
    values = {x for x in a if not by_identity(x)}, {x for x in b if not by_identity(x)}
    if len(rest[0]) != len(rest[1]) or values[0] != values[1]:
        return None
    return list(zip(*rest)) if len(rest[0]) == 1 else []


def by_identity(obj):
    return isinstance(obj, (Node, Slotted, tuple, frozenset))
