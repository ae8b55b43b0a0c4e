"""Instances of importable classes: pickle's bytes, and nothing of theirs changed."""

import gc
import io
import pickle
import random
import sys

import pytest

import cppickle

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)  # copyreg refuses slots before


class Plain:
    pass


class Derived(Plain):
    pass


class Slotted:
    __slots__ = ("a", "b", "c")


class MoreSlots(Slotted):
    __slots__ = ("d",)


class SlotsAndDict(Slotted):
    pass


NAMES = {
    Plain: ["a", "b", "c", "d", "a_long_name" * 25],
    Derived: ["a", "z", "é"],
    Slotted: ["a", "b", "c"],
    MoreSlots: ["a", "b", "c", "d"],
    SlotsAndDict: ["a", "b", "c", "d", "e"],
}
SHARED = ["text", "long " * 60, 1.5, 10**20, b"bytes", [1], (), ("t", 1), None, True]


class Maker:
    """Random instances, of leaves mostly, that share some of what they hold."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.made = []

    def value(self, depth):
        kind = self.random.randrange(12)
        if kind < 3:
            return self.random.randrange(-5, 70_000)
        if kind == 3:
            return self.random.random()
        if kind == 4:
            return f"text {self.random.randrange(1000)}"
        if kind == 5:
            return self.random.choice(SHARED)
        if kind == 6:
            return f"é{self.random.randrange(5)}"
        if kind == 7 and depth < 3:
            return self.instance(depth + 1)
        if kind == 8 and self.made:
            return self.random.choice(self.made)
        return self.random.choice([True, False, None, 7])

    def instance(self, depth=0):
        cls = self.random.choice([*NAMES])
        made = cls.__new__(cls)
        names = self.random.sample(
            NAMES[cls], self.random.randrange(len(NAMES[cls]) + 1)
        )
        for name in names:
            setattr(made, name, self.value(depth))
        if names and self.random.random() < 0.1:
            delattr(made, names[0])
        if self.random.random() < 0.1:
            self.made.append(made)
        if self.random.random() < 0.05 and hasattr(made, "__dict__"):
            self.made.append(made.__dict__)
        return made


def written(obj, protocol):
    """The stream as it arrives in a file."""
    file = io.BytesIO()
    cppickle.Pickler(file, protocol).dump(obj)
    return file.getvalue()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("seed", range(60))
def test_random_instances(seed, protocol):
    maker = Maker(seed)
    obj = [maker.instance() for _ in range(maker.random.choice([1, 5, 40]))]
    assert cppickle.dumps(obj, protocol) == pickle.dumps(obj, protocol)
    assert written(obj, protocol) == pickle.dumps(obj, protocol)


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("cls", [*NAMES])
def test_a_frame_may_end_at_each_part(cls, protocol):
    """Some hundred frames, which end in all places that there are."""
    obj = []
    for i in range(160_000):
        made = cls.__new__(cls)
        for place, name in enumerate(NAMES[cls][:4]):
            setattr(made, name, "x" * (i % 7 + place))
        obj.append(made)
    assert cppickle.dumps(obj, protocol) == pickle.dumps(obj, protocol)


# Before 3.11 attributes are in a __dict__ from the first on; where those of 3.15 are is
# not read (cpython/attributes.cc), so that the __dict__ is asked for there.
@pytest.mark.skipif(sys.version_info < (3, 11), reason="a __dict__ is always there")
@pytest.mark.skipif(sys.version_info >= (3, 15), reason="not for this version")
def test_no_dict_is_made():
    made = [Plain() for _ in range(10)]
    for i, one in enumerate(made):
        one.a, one.b = i, f"text {i}"
    stream = cppickle.dumps(made)
    # The first ones go the long way.
    assert not any(type(r) is dict for one in made[2:] for r in gc.get_referents(one))
    assert stream == pickle.dumps(made, pickle.HIGHEST_PROTOCOL)


def test_a_name_that_hides_how_it_is_reduced():
    made = [Plain() for _ in range(5)]
    for one in made:
        one.a = 1
    made[3].__reduce_ex__ = 5
    for protocol in PROTOCOLS:
        with pytest.raises(TypeError):
            cppickle.dumps(made, protocol)


def test_names_that_are_no_plain_text():
    class Text(str):
        pass

    made = [Plain() for _ in range(5)]
    for one in made:
        one.a = 1
    made[3].__dict__[5] = "five"
    for protocol in PROTOCOLS:
        assert cppickle.dumps(made, protocol) == pickle.dumps(made, protocol)
    made[3].__dict__[Text("b")] = 2
    loaded = pickle.loads(cppickle.dumps(made))
    assert vars(loaded[3]) == {"a": 1, 5: "five", "b": 2}


def test_many_classes_in_turn():
    """More than are kept in mind at a time."""
    classes = [type(f"Kind{i}", (), {"__module__": __name__}) for i in range(20)]
    globals().update({cls.__name__: cls for cls in classes})
    made = [cls() for _ in range(50) for cls in classes]
    for i, one in enumerate(made):
        one.number, one.text = i, f"text {i % 3}"
    for protocol in PROTOCOLS:
        assert cppickle.dumps(made, protocol) == pickle.dumps(made, protocol)


def test_instances_that_are_met_again():
    first, second = Plain(), Slotted()
    first.a, second.a = "x", "y"
    made = [first, second, first, second, [first, second]]
    for protocol in PROTOCOLS:
        assert cppickle.dumps(made, protocol) == pickle.dumps(made, protocol)


def test_a_dict_that_others_hold():
    made = [Plain() for _ in range(4)]
    for i, one in enumerate(made):
        one.a = i
    obj = [*made, made[1].__dict__, made[2].__dict__]
    loaded = pickle.loads(cppickle.dumps(obj))
    assert loaded[4] is not loaded[5]
    assert vars(loaded[1]) == loaded[4] == {"a": 1}
    for protocol in PROTOCOLS:
        assert cppickle.dumps(obj, protocol) == pickle.dumps(obj, protocol)
