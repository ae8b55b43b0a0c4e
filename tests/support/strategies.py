"""Random object graphs, drawn by hypothesis."""

from hypothesis import strategies as st

from support.graphs import Node, Slotted

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


def hashable(obj):
    try:
        hash(obj)
    except TypeError:
        return False
    return True


BUILDERS = {
    "list": lambda parts: list(parts),
    "tuple": lambda parts: tuple(parts),
    "dict": lambda parts: dict(enumerate(parts)),
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
