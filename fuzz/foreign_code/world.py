"""The objects of one case, and what foreign code does to them."""

import abc
import collections
import contextlib
import copyreg
import dataclasses
import enum
import functools
import gc
import pickle
import random
import sys
import types
import weakref

import cppickle

MOST_ACTS = 300
DEEPEST = 3
MODULE = "cppickle_fuzz_meddler"
ERRORS = (
    ValueError,
    RuntimeError,
    AttributeError,
    TypeError,
    KeyError,
    MemoryError,
    StopIteration,
    RecursionError,
    pickle.PicklingError,
    KeyboardInterrupt,
)

SOURCE = """
import abc, collections, dataclasses, enum, functools
shared = [1, [2], {'k': (3,)}]
other = shared
text = 'text'
class Meta(type):
    def __getattribute__(cls, name):
        world.act()
        return super().__getattribute__(name)
class Plain:
    limit = [1, 2]
    def method(self, x=1, *, y=()): return x, y, shared, helper
class Meddling(Plain, metaclass=Meta):
    table = {'a': [1]}
    def method(self): return super().method(), text
class Slotted:
    __slots__ = ('a', 'b', '__weakref__')
class Base(abc.ABC):
    @abc.abstractmethod
    def run(self): ...
class Color(enum.Enum):
    RED = [1]
    BLUE = ('x', shared)
@dataclasses.dataclass
class Point:
    x: int = 1
    y: list = dataclasses.field(default_factory=list)
Pair = collections.namedtuple('Pair', 'first second')
def helper(a=(1, 2), *, b=None): return shared, other, text, Plain, late
def annotated(a: Plain, b: 'text' = [0]) -> Slotted: return helper, a, b
def maker(cell, second):
    def inner(): return cell, second, shared
    def twice(): return inner, cell
    return inner, twice
inner, twice = maker([1, 2, 3], shared)
late = functools.partial(helper, [4])
"""


class World:
    """One case."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.acts = 0
        self.depth = 0
        self.quiet = True
        self.kept = []
        self.pickler = None
        self.namespace = {"__name__": "__main__", "world": self}
        exec(SOURCE, self.namespace)
        self.module = types.ModuleType(MODULE)
        exec(
            "def there(): return 1\nclass There:\n  class Inner: x = 1",
            vars(self.module),
        )
        self.module.__getattr__ = self.module_getattr
        sys.modules[MODULE] = self.module
        self.nodes = []
        for _ in range(self.random.randrange(4, 25)):
            self.nodes.append(self.made())
        for _ in range(self.random.randrange(8)):
            self.mutate()

    def close(self):
        """Undo what other cases would see."""
        self.quiet = True
        sys.modules.pop(MODULE, None)
        with contextlib.suppress(Exception):
            cppickle.unregister_pickle_by_value(self.module)
        for kind in [k for k in copyreg.dispatch_table if type(k) is Key]:
            del copyreg.dispatch_table[kind]

    # --- What a dump calls -----------------------------------------------

    def act(self):
        """Do something, or nothing."""
        if self.quiet or self.acts >= MOST_ACTS or self.depth > DEEPEST:
            return
        self.acts += 1
        self.depth += 1
        try:
            doing = self.random.random()
            if doing < 0.3:
                return
            if doing < 0.72:
                for _ in range(self.random.randrange(1, 4)):
                    self.mutate()
            elif doing < 0.82:
                self.free()
            elif doing < 0.86:
                raise self.random.choice(ERRORS)("meddled")
            elif doing < 0.97:
                self.re_enter()
            elif doing < 0.98:
                with contextlib.suppress(Exception):
                    cppickle.register_pickle_by_value(self.module)
            else:
                gc.collect()
        finally:
            self.depth -= 1

    def module_getattr(self, name):
        self.act()
        raise AttributeError(name)

    # --- What is done ----------------------------------------------------

    def free(self):
        """Drop objects, and use their memory again."""
        for _ in range(self.random.randrange(1, 4)):
            if self.nodes:
                del self.nodes[self.random.randrange(len(self.nodes))]
        for node in list(self.nodes):
            if isinstance(node, list) and self.random.random() < 0.3:
                node.clear()
        gc.collect()
        self.kept.append([[None] * n for n in range(1, 30) for _ in range(5)])
        del self.kept[:-3]

    def re_enter(self):
        if not self.nodes:
            return
        node = self.random.choice(self.nodes)
        how = self.random.randrange(5)
        if how == 0 and self.pickler is not None:
            with contextlib.suppress(Exception):
                self.pickler.dump(node)
        elif how == 1 and self.pickler is not None:
            with contextlib.suppress(Exception):
                self.pickler.clear_memo()
        else:
            with contextlib.suppress(Exception):
                stream = cppickle.dumps(node, self.random.randrange(6))
                if how == 2:
                    pickle.loads(stream)

    def mutate(self):
        """Change one of the objects, in a way that its type has."""
        if not self.nodes:
            return
        target = self.random.choice(
            [*self.nodes, self.namespace, *self.random.choices(self.own(), k=3)]
        )
        with contextlib.suppress(Exception):
            self.change(target)

    def own(self):
        return [
            self.namespace[name]
            for name in (
                *("Plain", "Meddling", "Slotted", "Base", "Color", "Point", "Pair"),
                *("helper", "annotated", "inner", "twice", "late", "shared"),
            )
            if name in self.namespace
        ]

    def change(self, target):
        pick = self.random
        if isinstance(target, types.FunctionType):
            return self.change_function(target)
        if isinstance(target, type):
            return self.change_class(target)
        if isinstance(target, types.ModuleType):
            return self.change(vars(target))
        if isinstance(target, list | collections.deque):
            act = pick.randrange(4)
            if act == 0:
                target.clear()
            elif act == 1 and target:
                del target[pick.randrange(len(target))]
            else:
                target.append(self.any())
        elif isinstance(target, dict):
            act = pick.randrange(4)
            if act == 0 and target is not self.namespace:
                target.clear()
            elif act == 1 and target:
                target.pop(pick.choice(list(target)))
            elif act == 2 and target:
                key = pick.choice(list(target))
                # A module that is its own __spec__ overflows the C stack of CPython.
                target[key if key != "__spec__" else "other"] = self.any()
            elif isinstance(target, collections.OrderedDict):
                # Keys whose __eq__ changes it make CPython's crash.
                target[pick.choice("xyz")] = self.any()
            else:
                target[self.key()] = self.any()
        elif isinstance(target, set):
            target.clear() if pick.random() < 0.3 else target.add(self.key())
        elif isinstance(target, types.CellType):
            if pick.random() < 0.3:
                del target.cell_contents
            else:
                target.cell_contents = self.any()
        elif pick.random() < 0.2:
            target.__class__ = type(self.any())
        elif hasattr(target, "__dict__"):
            if pick.random() < 0.2:
                target.__dict__ = {"new": self.any()}
            else:
                self.change(target.__dict__)
        else:
            setattr(target, pick.choice("ab"), self.any())
            delattr(target, pick.choice("ab"))
        return None

    def change_function(self, function):
        pick = self.random
        act = pick.randrange(9)
        if act == 0:
            function.__code__ = pick.choice(self.functions()).__code__
        elif act == 1:
            function.__defaults__ = pick.choice([None, (self.any(),), (1, self.any())])
        elif act == 2:
            function.__kwdefaults__ = pick.choice([None, {"b": self.any()}])
        elif act == 3:
            function.__annotations__ = {"a": self.any()}
        elif act == 4:
            function.__dict__ = {"attribute": self.any()}
        elif act == 5:
            function.__module__ = pick.choice(
                [None, "json", MODULE, Text("json"), Text(MODULE), "gone", 3]
            )
        elif act == 6:
            name = pick.choice(["helper", "Inner.x", "There.Inner", Text("helper")])
            function.__qualname__ = name
        elif act == 7 and function.__closure__:
            self.change(pick.choice(function.__closure__))
        else:
            self.change(function.__globals__)

    def change_class(self, cls):
        pick = self.random
        if cls.__module__ != "__main__" and cls is not self.module.There:
            return
        act = pick.randrange(8)
        if act == 0:
            cls.__bases__ = pick.choice([(object,), (self.namespace["Plain"],)])
        elif act == 1:
            cls.__qualname__ = pick.choice(["There.Inner", "Plain", Text("Plain")])
        elif act == 2:
            cls.__module__ = pick.choice(["json", MODULE, None, Text(MODULE), 4])
        elif act == 3:
            names = [name for name in vars(cls) if not name.startswith("__")]
            delattr(cls, pick.choice(names))
        elif act == 4 and isinstance(cls, abc.ABCMeta):
            cls.register(pick.choice([int, self.namespace["Plain"]]))
        elif act == 5:
            cls.__doc__ = self.any()
        elif act == 6:
            cls.__slots__ = pick.choice([["a", self.key()], ("x",), {"a": 1}])
        else:
            setattr(cls, pick.choice(["table", "limit", "fresh"]), self.any())

    # --- Objects ---------------------------------------------------------

    def functions(self):
        values = self.namespace.values()
        return [v for v in values if isinstance(v, types.FunctionType)]

    def any(self):
        if self.nodes and self.random.random() < 0.6:
            return self.random.choice(self.nodes)
        return self.random.choice([1, 2**80, "text", b"bytes", 1.5, None, (1, "x")])

    def key(self):
        return self.random.choice(
            [1, "key", "shared", Key(self, "shared"), Key(self, "text"), Key(self, 1)]
        )

    def made(self):
        """A new object, with others inside."""
        names = self.namespace
        any_, pick = self.any, self.random
        makers = (
            lambda: [any_() for _ in range(pick.randrange(5))],
            lambda: tuple(any_() for _ in range(pick.randrange(5))),
            lambda: {self.key(): any_() for _ in range(pick.randrange(4))},
            lambda: {self.key() for _ in range(pick.randrange(5))},
            lambda: frozenset([self.key(), Meddler(self), "a"]),
            lambda: collections.deque([any_(), any_()]),
            lambda: collections.OrderedDict(a=any_(), b=any_()),
            lambda: Meddler(self),
            lambda: Reduced(self, any_()),
            lambda: Stateful(self, any_()),
            lambda: Finalized(self, any_()),
            lambda: Text("text"),
            lambda: bytearray(b"bytes"),
            lambda: pickle.PickleBuffer(bytearray(b"buffer")),
            lambda: pick.choice(self.functions()),
            lambda: pick.choice(self.own()),
            lambda: self.filled(names["Plain"]()),
            lambda: self.filled(names["Meddling"]()),
            lambda: self.filled(names["Slotted"]()),
            lambda: names["Point"](any_(), [any_()]),
            lambda: pick.choice(list(names["Color"])),
            lambda: names["Plain"]().method,
            lambda: functools.partial(pick.choice(self.functions()), any_()),
            lambda: names["maker"](any_(), any_())[0],
            lambda: types.CellType(any_()),
            lambda: types.MappingProxyType({"a": any_()}),
            lambda: property(pick.choice(self.functions())),
            lambda: {"a": any_()}.items(),
            lambda: ValueError("error", any_()),
            lambda: vars(self.module).get("there", len),
            lambda: self.module.There.Inner,
            lambda: self.module,
            lambda: types.SimpleNamespace(a=any_()),
            lambda: iter([any_(), any_()]),
            lambda: type("Local", (names["Plain"],), {"v": any_(), "f": lambda s: 1}),
            lambda: weakref.WeakValueDictionary(),
            lambda: dataclasses.make_dataclass("Made", ["a"])(any_()),
            lambda: enum.Enum("Fresh", {"A": 1, "B": "x"}),
        )
        with contextlib.suppress(Exception):
            return pick.choice(makers)()
        return [any_()]

    def filled(self, instance):
        with contextlib.suppress(Exception):
            instance.a = self.any()
            instance.b = [self.any()]
        return instance


class Key:
    """A key that acts when it is hashed or compared, with the hash of a name."""

    def __init__(self, world, like):
        self.world, self.hash = world, hash(like)

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        self.world.act()
        return self is other

    def __reduce__(self):
        self.world.act()
        return str, ("key",)


class Text(str):
    """A str whose comparisons are its own."""

    __slots__ = ()

    def __eq__(self, other):
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class Meddler:
    def __init__(self, world):
        self.world = world

    def __reduce__(self):
        self.world.act()
        return str, ("meddler",)


class Reduced:
    """All parts that a reduce value can have."""

    def __init__(self, world=None, inside=None):
        self.world, self.inside = world, inside

    def __reduce_ex__(self, protocol):
        world = self.world
        world.act()
        size = world.random.randrange(2, 7)
        value = (
            world.random.choice([list, collections.OrderedDict, Reduced]),
            (),
            {"inside": [self.inside]},
            self.items(),
            ((str(i), item) for i, item in enumerate(self.items())),
            setattr,
        )
        if value[0] is Reduced:
            value = value[:3]
        return value[:size] if world.random.random() < 0.95 else "There"

    def items(self):
        for item in (self.inside, [1], "x"):
            self.world.act()
            yield item


class Stateful:
    def __init__(self, world, inside):
        self.world, self.inside = world, inside

    def __getstate__(self):
        self.world.act()
        return {"inside": self.inside, "fresh": [[1]]}


class Finalized:
    """Acts when it dies."""

    def __init__(self, world, inside):
        self.world, self.inside, self.me = world, inside, self

    def __reduce__(self):
        return list, ([self.inside],)

    def __del__(self):
        with contextlib.suppress(Exception):
            self.world.act()
