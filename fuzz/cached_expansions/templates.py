"""Texts of functions and classes.

{f} and {c} are what is defined, {base}, {builtin}, {old} and {old_class} what is there
already, {v} is any value, {n} a small number, {names} a tuple of names of the case.
"""

FUNCTIONS = [
    """
    def {f}(x={v}, *args, k={v}, **kwargs):
        return {names}, x, k
    """,
    '''
    def {f}(x: int, y: "str" = {v}) -> {v}:
        """A docstring."""
        return [x for y in {names}] or (lambda: {names})
    ''',
    """
    def make_{f}(a, b={v}):
        c = a
        def inner(x=b):
            nonlocal c
            c = x
            return c, a, {names}
        def other():
            return c, b, empty
        if not c:
            empty = b
        return inner, other
    {f}, {f}b = make_{f}({v})
    {f}c, {f}d = make_{f}({v}, {v})
    """,
    """
    def {f}(n):
        return n and {f}b(n - 1)
    def {f}b(n):
        return n and {f}(n - 1), {names}
    """,
    """
    {f} = lambda x={v}, *, k={v}: (x, k, {names})
    {f}.mark = {v}
    """,
    """
    @functools.wraps({old})
    def {f}(*args, **kwargs):
        return {names}
    {f}.a, {f}.y = {v}, {v}
    """,
    """
    def {f}(x):
        import math
        yield math.pi, os.path.join, {names}
    """,
    """
    async def {f}(x, /, y={v}):
        try:
            return f"{await x}", {names}
        except (ValueError, KeyError) as error:
            raise error from None
    """,
]
NEWER_FUNCTIONS = [
    """
    def {f}[T](x: T, y={v}) -> T:
        return x, y, {names}
    """
]

PLAIN_CLASSES = [
    '''
    class {c}:
        """A class."""
        y = {v}
        z = [{v}]
        def __init__(self, a=1): self.a = a
        def method(self, x={v}): return self.a, {names}
        @staticmethod
        def static(x={v}): return x, {names}
        @classmethod
        def build(cls, x={v}): return cls(x)
        @property
        def prop(self):
            """A property."""
            return self.y
        class Nested:
            y = {v}
            def method(self): return {names}
    ''',
    """
    class {c}({base}):
        y = {v}
        w: int = {v}
        def method(self): return super().method(), __class__, {names}
    """,
    """
    class {c}({base}):
        __slots__ = ("q", "__private", "__weakref__")
        y = {v}
        def method(self): return self.q
    """,
    """
    class {c}({base}):
        pass
    """,
    """
    class Meta{c}(type):
        y = {v}
        def __len__(cls): return 3
    class {c}(metaclass=Meta{c}):
        y = {v}
        def method(self): return {names}
    """,
    """
    class Descriptor{c}:
        def __init__(self, y): self.y = y
        def __set_name__(self, owner, name): self.name = name
        def __get__(self, obj, cls=None): return self if obj is None else self.y
    class {c}:
        d = Descriptor{c}({v})
        y = {v}
        def method(self): return {names}
    """,
    """
    class {c}:
        y = {v}
        seen = []
        def __init_subclass__(cls, **kwargs): cls.seen = kwargs
        def method(self): return {names}
        def __class_getitem__(cls, item): return item
        @functools.cached_property
        def cached(self): return {names}
    class Under{c}({c}, key=1):
        y = {v}
    """,
    """
    class {c}({base}):
        y = {v}
        def __getstate__(self): return {"a": 1}
        def __setstate__(self, state): self.__dict__.update(state)
        def __eq__(self, other): return self is other
        __hash__ = None
    """,
]
OTHER_CLASSES = [
    """
    @dataclasses.dataclass(order=True)
    class {c}:
        a: int = {n}
        y: list = dataclasses.field(default_factory=list, metadata={"a": {v}})
        def method(self): return {names}
    """,
    """
    @dataclasses.dataclass(frozen=True, slots=True)
    class {c}:
        a: int = {n}
        y: str = {v}
    """,
    """
    class {c}(abc.ABC):
        y = {v}
        @abc.abstractmethod
        def method(self): return {names}
    class Concrete{c}({c}):
        def method(self): return super().method()
    """,
    """
    class {c}(typing.NamedTuple):
        a: int = {n}
        y: int = {v}
    """,
    """
    {c} = collections.namedtuple("{c}", "a y", defaults=({v},))
    """,
    """
    class {c}(typing.TypedDict, total=False):
        a: int
        y: str
    """,
    """
    T{c} = typing.TypeVar("T{c}", bound={old_class})
    class {c}(typing.Generic[T{c}]):
        y = {v}
        def method(self, x: T{c}) -> T{c}: return x, {names}
    """,
    """
    class {c}({builtin}):
        y = {v}
        def method(self): return {names}
    """,
]
ENUMERATIONS = [
    """
    class {c}(enum.Enum):
        A = {n}
        B = {n} + 1
        ALSO = A
        def method(self): return self.value, {names}
    """,
    """
    class {c}(enum.IntEnum):
        A = {n}
        B = 2 ** 40
    """,
    """
    class {c}(enum.Flag):
        A = 1
        B = 2
        AB = 3
    """,
    """
    class {c}(str, enum.Enum):
        A = "a"
        B = "b"
    """,
]
BUILTINS = ["dict", "list", "int", "str", "Exception", "set", "tuple", "frozenset"]
