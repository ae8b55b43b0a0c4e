"""A generator of edits: what is edited, where it stands, and how that is reached.

Each combination is a small script. Of the script there are two versions, which differ
in a number, and a change in place that makes the second of the first.
"""

import dataclasses
import itertools
import textwrap

# What is edited: the definition of ``thing``, what it says about itself, which is 1 or
# 2, and the change in place.
THINGS = {
    "number": ("thing = VALUE", "thing", "thing = 2"),
    "function": (
        "def thing(): return VALUE",
        "thing()",
        "thing.__code__ = (lambda: 2).__code__",
    ),
    "default": (
        "def thing(a=VALUE): return a",
        "thing()",
        "thing.__defaults__ = (2,)",
    ),
    "keyword default": (
        "def thing(*, a=VALUE): return a",
        "thing()",
        "thing.__kwdefaults__['a'] = 2",
    ),
    "annotation": (
        "def thing(a: (None, int, str)[VALUE]): pass",
        "(int, str).index(thing.__annotations__['a']) + 1",
        "thing.__annotations__['a'] = str",
    ),
    "function attribute": (
        "def thing(): pass\nthing.n = VALUE",
        "thing.n",
        "thing.n = 2",
    ),
    "closure": (
        "def make(n):\n    def f(): return n\n    return f\nthing = make(VALUE)",
        "thing()",
        "thing.__closure__[0].cell_contents = 2",
    ),
    "decorated function": (
        """
        import functools
        def double(f):
            @functools.wraps(f)
            def call(): return f()
            return call
        @double
        def thing(): return VALUE
        """,
        "thing()",
        "thing.__wrapped__.__code__ = (lambda: 2).__code__",
    ),
    "decorator": (
        """
        def add(f):
            def call(n=VALUE): return f() + n
            return call
        @add
        def thing(): return 0
        """,
        "thing()",
        "thing.__defaults__ = (2,)",
    ),
    "method": (
        "class thing:\n    def f(self): return VALUE",
        "thing().f()",
        "thing.f.__code__ = (lambda self: 2).__code__",
    ),
    "class attribute": ("class thing: n = VALUE", "thing.n", "thing.n = 2"),
    "property": (
        "class thing:\n    @property\n    def n(self): return VALUE",
        "thing().n",
        "thing.n = property(lambda self: 2)",
    ),
    "class method": (
        "class thing:\n    @classmethod\n    def f(cls): return VALUE",
        "thing.f()",
        "thing.f = classmethod(lambda cls: 2)",
    ),
    "base": (
        "class Root: n = VALUE\nclass thing(Root): pass",
        "thing.n",
        "Root.n = 2",
    ),
    "base of a base": (
        """
        class Root:
            def f(self): return VALUE
        class Middle(Root): pass
        class thing(Middle): pass
        """,
        "thing().f()",
        "Root.f = lambda self: 2",
    ),
    "nested class": (
        "class thing:\n    class Inner: n = VALUE",
        "thing.Inner.n",
        "thing.Inner.n = 2",
    ),
    "metaclass": (
        "class Kind(type):\n    n = VALUE\nclass thing(metaclass=Kind): pass",
        "thing.n",
        "Kind.n = 2",
    ),
    "descriptor": (
        """
        class Reads:
            def __get__(self, obj, owner): return VALUE
        class thing: n = Reads()
        """,
        "thing.n",
        "Reads.__get__ = lambda self, obj, owner: 2",
    ),
    "member of an enum": (
        "import enum\nclass E(enum.Enum): A, B = 1, 2\nthing = E(VALUE)",
        "thing.value",
        "thing = E.B",
    ),
    "method of an enum": (
        """
        import enum
        class thing(enum.Enum):
            A = 0
            def f(self): return VALUE
        """,
        "thing.A.f()",
        "thing.f = lambda self: 2",
    ),
    "dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass thing: n: int = VALUE",
        "thing().n",
        "thing.__init__.__defaults__ = (2,)",
    ),
    "instance": (
        "class K: pass\nthing = K()\nthing.n = VALUE",
        "thing.n",
        "thing.n = 2",
    ),
    "instance with slots": (
        "class K: __slots__ = 'n',\nthing = K()\nthing.n = VALUE",
        "thing.n",
        "thing.n = 2",
    ),
    "class of an instance": (
        "class K:\n    def f(self): return VALUE\nthing = K()",
        "thing.f()",
        "K.f.__code__ = (lambda self: 2).__code__",
    ),
    "subclass of a list": (
        "class L(list): pass\nthing = L([VALUE])",
        "thing[0]",
        "thing[0] = 2",
    ),
    "deque": (
        "import collections\nthing = collections.deque([VALUE])",
        "thing[0]",
        "thing[0] = 2",
    ),
    "partial": (
        "import functools\ndef f(n=VALUE): return n\nthing = functools.partial(f)",
        "thing()",
        "f.__defaults__ = (2,)",
    ),
    "bound method": (
        "class K:\n    def f(self): return VALUE\nthing = K().f",
        "thing()",
        "K.f.__code__ = (lambda self: 2).__code__",
    ),
    "dynamic module": (
        "import types\nthing = types.ModuleType('made')\nthing.n = VALUE",
        "thing.n",
        "thing.n = 2",
    ),
    "bound of a type variable": (
        """
        import typing
        class Bound: n = VALUE
        thing = typing.TypeVar("thing", bound=Bound)
        """,
        "thing.__bound__.n",
        "Bound.n = 2",
    ),
}

# Where it stands: what is defined around it, and the expression that gets it.
PLACES = {
    "module level": ("", "thing"),
    "class attribute": (
        "class Held: it = (thing,)",
        "Held.it[0]",
    ),
    "nested class": (
        "class Held:\n    class Inner: it = (thing,)",
        "Held.Inner.it[0]",
    ),
    "closure cell": (
        "def hold(it):\n    def get(): return it\n    return get\nheld = hold(thing)",
        "held()",
    ),
    "default": ("def held(it=thing): return it", "held()"),
    "list": ("held = [0, [thing]]", "held[1][0]"),
    "dict": ("held = {'it': {0: thing}}", "held['it'][0]"),
    "instance attribute": (
        "class Held: pass\nheld = Held()\nheld.it = thing",
        "held.it",
    ),
    "base's attribute": (
        "class Below: it = (thing,)\nclass Held(Below): pass",
        "Held.it[0]",
    ),
    "metaclass's attribute": (
        "class Meta(type): it = (thing,)\nclass Held(metaclass=Meta): pass",
        "Held.it[0]",
    ),
    "descriptor": (
        """
        class Descriptor:
            def __get__(self, obj, owner): return thing
        class Held: it = Descriptor()
        """,
        "Held.it",
    ),
    "decorator's cell": (
        """
        def with_it(it):
            def decorate(f):
                def call(): return f(it)
                return call
            return decorate
        @with_it(thing)
        def held(it): return it
        """,
        "held()",
    ),
    "partial": (
        "import functools\nheld = functools.partial(max, (thing,))",
        "held.args[0][0]",
    ),
}

# How that is reached from what is sent: the definition of ``job``, and what gets it.
REACHES = {
    "method": ("class Job:\n    def run(self): return HELD\njob = Job()", "obj.run()"),
    "helper function": (
        """
        def help(): return HELD
        class Job:
            def run(self): return help()
        job = Job()
        """,
        "obj.run()",
    ),
    "helper class": (
        """
        class Helper:
            def f(self): return HELD
        class Job:
            def run(self): return Helper().f()
        job = Job()
        """,
        "obj.run()",
    ),
    "base": (
        """
        class Base:
            def run(self): return HELD
        class Job(Base): pass
        job = Job()
        """,
        "obj.run()",
    ),
    "class attribute": ("class Job: it = [HELD]\njob = Job()", "obj.it[0]"),
    "annotation": (
        "class Job:\n    def run(self, a: (HELD,)): pass\njob = Job()",
        "obj.run.__annotations__['a'][0]",
    ),
    "default": (
        "class Job:\n    def run(self, it=HELD): return it\njob = Job()",
        "obj.run()",
    ),
    "instance in the state": (
        "class Job: pass\njob = Job()\njob.it = HELD",
        "obj.it",
    ),
    "arguments": (
        "class Job:\n    def run(self, it): return it\njob = (Job(), [HELD])",
        "obj[0].run(*obj[1])",
    ),
    "closure": (
        """
        def make(it):
            class Job:
                def run(self): return it
            return Job()
        job = make(HELD)
        """,
        "obj.run()",
    ),
    "property": (
        "class Job:\n    @property\n    def it(self): return HELD\njob = Job()",
        "obj.it",
    ),
    "function": ("def job(): return HELD", "obj()"),
    "class": (
        "class Job:\n    @classmethod\n    def run(cls): return HELD\njob = Job",
        "obj.run()",
    ),
}


@dataclasses.dataclass
class Edit:
    """One combination: its two versions, the change in place and the question."""

    name: tuple
    before: str
    after: str
    change: str
    ask: str


def edit(thing, place, reach):
    define, says, change = THINGS[thing]
    around, held = PLACES[place]
    job, got = REACHES[reach]
    source = "\n".join(
        textwrap.dedent(part) for part in (define, around, job.replace("HELD", held))
    )
    return Edit(
        name=(thing, place, reach),
        before=source.replace("VALUE", "1"),
        after=source.replace("VALUE", "2"),
        change=change,
        ask=f"thing = {got}\n{says}",
    )


def edits(thing, all_of_them=False):
    """The combinations of `thing`: each place and each reach once, or all.

    All pairs of two occur among all things.
    """
    start = list(THINGS).index(thing)
    numbered = itertools.product(enumerate(PLACES), enumerate(REACHES))
    for (i, place), (j, reach) in numbered:
        if all_of_them or (start + i + j) % len(REACHES) == 0:
            yield edit(thing, place, reach)
