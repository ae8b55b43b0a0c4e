"""Random object graphs, and when two graphs are the same but for identity."""

from hypothesis import strategies as st

atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text()
    | st.text(st.characters(codec=None), max_size=5)
    | st.binary()
    | st.binary().map(bytearray)
)


class Node:
    """An importable object with state that can be in a set and in a cycle."""

    def __init__(self, *links):
        self.links = list(links)


class Slotted:
    """The same with slots."""

    __slots__ = ("links", "never_set")

    def __init__(self, *links):
        self.links = list(links)


def hashable(obj):
    try:
        hash(obj)
    except TypeError:
        return False
    return True


BUILDERS = {
    "list": lambda parts: list(parts),
    "tuple": lambda parts: tuple(parts),
    "dict": lambda parts: {i: part for i, part in enumerate(parts)},
    "keyed dict": lambda parts: {p: p for p in parts if hashable(p)},
    "set": lambda parts: {p for p in parts if hashable(p)},
    "frozenset": lambda parts: frozenset(p for p in parts if hashable(p)),
    "node": lambda parts: Node(*parts),
    "slotted": lambda parts: Slotted(*parts),
}


@st.composite
def graphs(draw, kinds=tuple(sorted(BUILDERS)), max_steps=15):
    """A graph grown step by step, each container made of what there is already.

    In the end some containers get items from anywhere, which closes cycles.
    """
    made = draw(st.lists(atoms, min_size=1, max_size=5))
    earlier = st.deferred(lambda: st.integers(0, len(made) - 1))
    for _ in range(draw(st.integers(1, max_steps))):
        build = BUILDERS[draw(st.sampled_from(kinds))]
        made.append(build([made[i] for i in draw(st.lists(earlier, max_size=4))]))
    for _ in range(draw(st.integers(0, 5))):
        close_a_cycle(made[draw(earlier)], made[draw(earlier)])
    return made[-1]


def close_a_cycle(holder, obj):
    if isinstance(holder, (Node, Slotted)):
        holder.links.append(obj)
    elif type(holder) is list:
        holder.append(obj)
    elif type(holder) is dict:
        holder["cycle"] = obj


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
