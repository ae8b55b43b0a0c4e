"""Methods: bound and unbound, static, class, abstract, partial, of builtin types."""

import collections
import fractions
import pickle
import string
import threading

import pytest
from support.source import define

import cppickle

ACCOUNT = """
    class Account:
        bank = "B"
        def __init__(self): self.balance = 0
        def deposit(self, n):
            self.balance += n
            return self.balance
        @classmethod
        def opened(cls): return cls()
        @staticmethod
        def fee(n): return n // 10
        def __secret(self): return "secret"
        def secret(self): return self.__secret
    class Saving(Account):
        @classmethod
        def name(cls): return cls.__name__, cls.bank
    """


def test_a_bound_method(in_fresh_process):
    deposit = define(ACCOUNT).Account().deposit
    question = "obj(5), obj(2), obj.__self__.balance, type(obj).__name__"
    assert in_fresh_process(deposit, question) == (5, 7, 7, "method")


def test_bound_methods_share_their_object(in_fresh_process):
    account = define(ACCOUNT).Account()
    question = "account, one, two = obj\none(1); two(2)\naccount.balance"
    assert in_fresh_process([account, account.deposit, account.deposit], question) == 3


def test_a_method_stored_on_its_own_object(in_fresh_process):
    account = define(ACCOUNT).Account()
    account.hook = account.deposit
    assert in_fresh_process(account, "obj.hook(3), obj.balance") == (3, 3)


def test_an_unbound_method(in_fresh_process):
    account = define(ACCOUNT).Account
    question = "cls, deposit = obj\ndeposit(cls(), 4), cls.deposit is deposit"
    assert in_fresh_process([account, account.deposit], question) == (4, True)


def test_a_method_with_a_private_name(in_fresh_process):
    secret = define(ACCOUNT).Account().secret()
    assert in_fresh_process(secret, "obj(), obj.__name__") == ("secret", "__secret")


def test_a_class_method(in_fresh_process):
    saving = define(ACCOUNT).Saving
    question = "obj[0](), obj[0].__self__ is obj[1], type(obj[2]()) is obj[1]"
    methods = [saving.name, saving, saving.opened]
    assert in_fresh_process(methods, question) == (("Saving", "B"), True, True)


def test_a_static_method(in_fresh_process):
    assert in_fresh_process(define(ACCOUNT).Account.fee, "obj(55)") == 5
    assert in_fresh_process(define(ACCOUNT).Account(), "obj.fee(55)") == 5


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_the_wrapping_object_itself(in_fresh_process, kind):
    wrapper = kind(define("def f(*args): return len(args)").f)
    wrapper.note = "kept"
    question = "type(obj).__name__, obj.__func__(1, 2), obj.note, obj.__wrapped__(1)"
    expected = (kind.__name__, 2, "kept", 1)
    assert in_fresh_process(wrapper, question) == expected


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_attributes_of_a_wrapping_object_in_a_class(in_fresh_process, kind):
    made = define("def f(*args): return len(args)")
    wrapper = kind(made.f)
    wrapper.note = "kept"
    cls = type("C", (), {"f": wrapper, "__module__": "__main__"})
    question = "vars(obj)['f'].note, type(vars(obj)['f']).__name__, obj.f(1)"
    expected = ("kept", kind.__name__, 1 + (kind is classmethod))
    assert in_fresh_process(cls, question) == expected


def test_a_class_method_of_a_property(in_fresh_process):
    source = """
        class C:
            @property
            def size(self): return 1
        wrapped = classmethod(C.size)
        """
    assert in_fresh_process(define(source).wrapped, "obj.__func__.fget(0)") == 1


def test_a_method_bound_by_hand(in_fresh_process):
    import types

    made = define("def greet(self): return 'hello ' + self")
    assert in_fresh_process(types.MethodType(made.greet, "you"), "obj()") == "hello you"


def test_a_method_of_a_callable_object(in_fresh_process):
    import types

    made = define("class Call:\n  def __call__(self, *args): return args")
    method = types.MethodType(made.Call(), 1)
    assert in_fresh_process(method, "obj(2), obj.__self__") == ((1, 2), 1)


def test_a_method_that_an_instance_replaced(in_fresh_process):
    account = define(ACCOUNT).Account()
    account.deposit = lambda n: -n
    assert in_fresh_process(account, "obj.deposit(5), type(obj).deposit(obj, 5)") == (
        -5,
        5,
    )


def test_a_function_used_as_method_under_another_name(in_fresh_process):
    made = define("def f(self): return self\nclass C:\n  method = f")
    question = "f, cls = obj\nc = cls()\nc.method() is c, cls.method is f"
    assert in_fresh_process([made.f, made.C], question) == (True, True)


ABSTRACT = """
    from abc import ABC, abstractmethod
    class Shape(ABC):
        @abstractmethod
        def area(self): return 1
        @property
        @abstractmethod
        def name(self): ...
        @classmethod
        @abstractmethod
        def unit(cls): ...
        @staticmethod
        @abstractmethod
        def zero(): ...
    class Square(Shape):
        name = "square"
        def area(self): return super().area() + 3
        @classmethod
        def unit(cls): return cls
        @staticmethod
        def zero(): return 0
    """


def test_abstract_methods(in_fresh_process):
    made = define(ABSTRACT)
    questions = [
        "shape, square = obj\nsorted(shape.__abstractmethods__)",
        "try: shape()\nexcept TypeError as error: text = str(error)\n"
        "'abstract' in text",
        "s = square()\ns.area(), s.name, s.unit() is square, s.zero()",
        "import inspect\ninspect.isabstract(shape), inspect.isabstract(square)",
    ]
    answers = in_fresh_process([made.Shape, made.Square], *questions)
    assert answers == [
        ["area", "name", "unit", "zero"],
        True,
        (4, "square", True, 0),
        (True, False),
    ]


def test_an_abstract_method_alone(in_fresh_process):
    method = define(ABSTRACT).Shape.area
    assert in_fresh_process(method, "obj(None), obj.__isabstractmethod__")[1] is True


def test_partialmethod(in_fresh_process):
    source = """
        from functools import partialmethod
        class Lamp:
            def set(self, state, *, dim=0): self.state = state, dim
            on = partialmethod(set, True, dim=3)
            off = partialmethod(set, False)
        """
    question = (
        "lamp = obj()\nlamp.on()\nfirst = lamp.state\nlamp.off()\nfirst, lamp.state"
    )
    expected = ((True, 3), (False, 0))
    assert in_fresh_process(define(source).Lamp, question) == expected


def test_a_partial_of_a_bound_method(in_fresh_process):
    import functools

    account = define(ACCOUNT).Account()
    job = functools.partial(account.deposit, 5)
    assert in_fresh_process([account, job], "obj[1](), obj[0].balance") == (5, 5)


def test_a_bound_builtin_method_shares_its_object(in_fresh_process):
    items = []
    question = "append, items = obj\nappend(1); append(2)\nitems"
    assert in_fresh_process([items.append, items], question) == [1, 2]


BUILTIN_METHODS = {
    "str.upper of a str": ("x".upper, "obj()", "X"),
    "str.upper": (str.upper, "obj('a')", "A"),
    "list.append": (list.append, "x = []\nobj(x, 1)\nx", [1]),
    "dict.fromkeys": (dict.fromkeys, "obj('a')", {"a": None}),
    "bytes.fromhex": (bytes.fromhex, "obj('ff')", b"\xff"),
    "int.__add__": (int.__add__, "obj(1, 2)", 3),
    "(1).__add__": ((1).__add__, "obj(2)", 3),
    "object.__init_subclass__": (object.__init_subclass__, "obj()", None),
    "len": (len, "obj('abc')", 3),
    "float.fromhex": (float.fromhex, "obj('0x1p-1')", 0.5),
    "int.from_bytes": (int.from_bytes, "obj(b'a', 'big')", 97),
}


@pytest.mark.parametrize("name", BUILTIN_METHODS)
def test_methods_of_builtin_types(in_fresh_process, name):
    method, question, answer = BUILTIN_METHODS[name]
    assert in_fresh_process(method, question) == answer


def test_builtin_methods_of_a_subclass(in_fresh_process):
    made = define("class Items(list): pass\nitems = Items()")
    question = "append, items = obj\nappend(1)\nitems, type(items).__name__"
    answer = in_fresh_process(
        [made.items.append, made.items], question + "\nlen(items)"
    )
    assert answer == 1


def test_a_builtin_class_method_of_a_subclass(in_fresh_process):
    made = define("class Table(dict): pass")
    question = "table = obj('a')\ntype(table).__name__, dict(table)"
    expected = ("Table", {"a": None})
    assert in_fresh_process(made.Table.fromkeys, question) == expected


DERIVED = """
    import abc
    class Traced(classmethod):
        def __new__(cls, f, tag): return super().__new__(cls, f)
        def __init__(self, f, tag):
            super().__init__(f)
            self.tag = tag
    class Loud(staticmethod):
        def __new__(cls, f, tag):
            made = super().__new__(cls, f)
            made.tag = tag
            return made
        def __init__(self, f, tag): super().__init__(f)
    class Shape(abc.ABC):
        @abc.abstractclassmethod
        def made(cls): "abstract"
        @abc.abstractstaticmethod
        def area(): "abstract"
        traced = Traced(lambda cls: cls.__name__, "t")
        loud = Loud(lambda n: n + 1, "l")
    """


def test_classes_derived_from_method_wrappers(in_fresh_process):
    answers = in_fresh_process(
        define(DERIVED).Shape,
        "sorted(obj.__abstractmethods__)",
        "obj.traced(), obj.loud(1)",
        "[type(vars(obj)[n]).__name__ for n in ('made', 'area', 'traced', 'loud')]",
        "[vars(obj)[n].tag for n in ('traced', 'loud')]",
    )
    assert answers == [
        ["area", "made"],
        ("Shape", 2),
        ["abstractclassmethod", "abstractstaticmethod", "Traced", "Loud"],
        ["t", "l"],
    ]


def test_a_derived_wrapper_with_a_reduce_value_of_its_own(in_fresh_process):
    source = """
        class Own(property):
            def __reduce__(self): return dict, ((("own", 1),),)
        obj = Own()
        """
    assert in_fresh_process(define(source).obj, "obj") == {"own": 1}


class TestSuperObjects:
    """They answer for a base, also about how to pickle them."""

    SOURCE = """
        class Base:
            n = 1
            def who(self): return "base", self.n
            @classmethod
            def made(cls): return "base", cls.__name__
            def __reduce_ex__(self, protocol): raise RuntimeError("of a base")
        class Derived(Base):
            n = 2
            __reduce_ex__ = object.__reduce_ex__
            def who(self): return "derived", self.n
            @classmethod
            def made(cls): return "derived", cls.__name__
            def up(self): return super()
            @classmethod
            def up_class(cls): return super()
        derived = Derived()
        class Up(super): pass
        """

    @pytest.mark.parametrize("protocol", range(6))
    def test_bound_to_an_instance(self, bare_worker, protocol):
        made = define(self.SOURCE)
        bare_worker.load(cppickle.dumps([made.derived.up(), made.derived], protocol))
        question = "up, derived = obj\nderived.n = 3\nup.who(), up.__self__ is derived"
        assert bare_worker.ask(question) == (("base", 3), True)
        assert bare_worker.ask("type(up := obj[0]).__name__") == "super"

    def test_bound_to_a_class(self, in_fresh_process):
        up = define(self.SOURCE).Derived.up_class()
        assert in_fresh_process(up, "obj.made()") == ("base", "Derived")

    def test_unbound(self, in_fresh_process):
        made = define(self.SOURCE)
        question = "up, derived = obj\nup.__self__, up.__get__(derived).who()"
        sent = [super(made.Derived), made.derived]
        assert in_fresh_process(sent, question) == (None, ("base", 2))

    def test_in_what_it_is_bound_to(self, in_fresh_process):
        made = define(self.SOURCE)
        made.derived.kept = made.derived.up()
        question = "obj.kept.who(), obj.kept.__self__ is obj"
        assert in_fresh_process(made.derived, question) == (("base", 2), True)

    def test_of_a_derived_type(self, in_fresh_process):
        made = define(self.SOURCE)
        sent = made.Up(made.Derived, made.derived)
        assert in_fresh_process(sent, "obj.who(), type(obj).__name__") == (
            ("base", 2),
            "Up",
        )
        sent.extra = 5
        with pytest.raises(pickle.PicklingError, match="attributes of its own"):
            cppickle.dumps(sent)

    def test_its_path(self):
        made = define(self.SOURCE)
        made.derived.lock = threading.Lock()
        with pytest.raises(TypeError) as caught:
            cppickle.dumps([made.derived.up()])
        assert caught.value.cppickle_path == "list[0].__self__.lock"


# --- Methods to which the name alone does not lead --------------------------

CONTAINERS = """
    import collections
    class Ordered(collections.OrderedDict):
        def get(self, key, default=None): return "overridden"
        def parent(self): return super().get
    class Listed(list):
        def append(self, item): raise RuntimeError("overridden")
        def __len__(self): return 99
        def parents(self): return super().append, super().__len__
    class Keyed(dict):
        @classmethod
        def fromkeys(cls, keys): return "overridden"
        @classmethod
        def parent(cls): return super().fromkeys
    """


def test_a_builtin_method_that_super_gave(in_fresh_process):
    made = define(CONTAINERS)
    assert in_fresh_process(made.Ordered(a=1).parent(), "obj('a')") == 1
    question = "[obj[0](item) for item in 'ab'], obj[1](), obj[0].__self__[1]"
    parents = made.Listed().parents()
    assert in_fresh_process(parents, question) == ([None, None], 2, "b")


def test_a_builtin_class_method_that_super_gave(in_fresh_process):
    question = "dict(obj('ab')), type(obj('a')).__name__, obj.__self__.__name__"
    expected = ({"a": None, "b": None}, "Keyed", "Keyed")
    assert in_fresh_process(define(CONTAINERS).Keyed.parent(), question) == expected


def test_super_itself(in_fresh_process):
    made = define(CONTAINERS)
    pair = [super(made.Listed, made.Listed("ab")), super(made.Keyed)]
    question = "obj[0].__len__(), type(obj[0]) is super, obj[1].__thisclass__.__name__"
    assert in_fresh_process(pair, question) == (2, True, "Keyed")


def test_a_method_that_an_attribute_of_the_instance_hides(in_fresh_process):
    listed = define("class Listed(list): pass").Listed()
    original = listed.extend
    listed.extend = listed.clear
    question = "obj[1]('ab'), list(obj[0]), obj[0].extend.__name__"
    answer = in_fresh_process([listed, original], question)
    assert answer == (None, ["a", "b"], "clear")


def test_a_method_of_an_importable_class_that_an_attribute_hides(in_fresh_process):
    ticket = fractions.Fraction(3, 2)
    barrier = string.Template("$x")
    original = barrier.substitute
    barrier.substitute = ticket.limit_denominator
    question = "obj[1](x=1), obj[0].substitute()"
    answer = in_fresh_process([barrier, original], f"str(({question}))")
    assert answer == "('1', Fraction(3, 2))"


def test_methods_to_which_the_name_leads_are_the_standard_picklers(same_bytes):
    ordered = collections.OrderedDict(a=1)
    for method in [[].append, [1].__len__, ordered.get, ordered.__len__]:
        same_bytes(method)
    same_bytes(fractions.Fraction(1, 2).limit_denominator)


def test_the_descriptor_of_a_class_method(in_fresh_process):
    descriptor = dict.__dict__["fromkeys"]
    question = "obj is dict.__dict__['fromkeys']"
    assert in_fresh_process(descriptor, question) is True
    wrapped = type("Keyed", (dict,), {"parent": descriptor, "__module__": "__main__"})
    assert in_fresh_process(wrapped, "dict(obj.parent('a'))") == {"a": None}
