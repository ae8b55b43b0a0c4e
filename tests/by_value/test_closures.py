"""Closures: cells full, empty and shared, ``nonlocal``, ``super()``, ``__class__``."""

from support.source import define


def test_a_closure(in_fresh_process):
    made = define("def adder(n): return lambda x: x + n\nadd = adder(5)")
    assert in_fresh_process(made.add, "obj(1)") == 6


def test_a_closure_of_a_closure(in_fresh_process):
    source = """
        def outer(a):
            def middle(b):
                def inner(c): return a, b, c
                return inner
            return middle
        """
    middle = define(source).outer(1)
    question = "obj[0](2)(3), obj[1](3)"
    assert in_fresh_process([middle, middle(9)], question) == ((1, 2, 3), (1, 9, 3))


def test_a_recursive_closure(in_fresh_process):
    source = """
        def make():
            def factorial(n): return n * factorial(n - 1) if n else 1
            return factorial
        """
    question = "obj(5), obj.__closure__[0].cell_contents is obj"
    assert in_fresh_process(define(source).make(), question) == (120, True)


def test_mutually_recursive_closures(in_fresh_process):
    source = """
        def make():
            def even(n): return n == 0 or odd(n - 1)
            def odd(n): return n != 0 and even(n - 1)
            return even, odd
        """
    question = (
        "even, odd = obj\neven(10), odd(10), even.__closure__[0].cell_contents is odd"
    )
    assert in_fresh_process(define(source).make(), question) == (True, False, True)


COUNTER = """
    def counter():
        count = 0
        def increment():
            nonlocal count
            count += 1
        def get(): return count
        return increment, get
    """


def test_closures_that_share_a_nonlocal(in_fresh_process):
    increment, get = define(COUNTER).counter()
    increment()
    question = "increment, get = obj\nincrement(); increment()\nget()"
    assert in_fresh_process((increment, get), question) == 3


def test_counters_made_apart_stay_apart(in_fresh_process):
    counter = define(COUNTER).counter
    question = "(one, get), (_, other) = obj\none()\nget(), other()"
    assert in_fresh_process([counter(), counter()], question) == (1, 0)


def test_a_shared_nonlocal_three_levels_deep(in_fresh_process):
    source = """
        def make():
            log = None
            def start():
                nonlocal log
                log = []
            def scope():
                def push(x): log.append(x)
                return push
            return start, scope(), lambda: log
        """
    question = "start, push, get = obj\nstart(); push(1); push(2)\nget()"
    assert in_fresh_process(define(source).make(), question) == [1, 2]


def test_an_empty_cell(in_fresh_process):
    source = """
        def make():
            if False:
                value = 1
            def get():
                try:
                    return value
                except NameError:
                    return "empty"
            def fill(x):
                nonlocal value
                value = x
            return get, fill
        """
    question = "get, fill = obj\nbefore = get()\nfill(3)\nbefore, get()"
    assert in_fresh_process(define(source).make(), question) == ("empty", 3)


def test_a_cell_that_was_emptied(in_fresh_process):
    source = """
        def make():
            a, b = 1, 2
            def clear():
                nonlocal a
                del a
            clear()
            return lambda: (a, b)
        """
    question = "try: obj()\nexcept NameError as error: text = str(error)\n'a' in text"
    assert in_fresh_process(define(source).make(), question) is True


def test_a_cell_that_holds_itself(in_fresh_process):
    source = """
        def make():
            box = []
            def get(): return box
            box.append(get)
            return get
        """
    assert in_fresh_process(define(source).make(), "obj()[0] is obj") is True


def test_a_cell_shared_with_a_default_and_a_list(in_fresh_process):
    source = """
        def make():
            items = [1]
            def push(x, log=items): items.append(x); return log
            return push, items
        """
    question = "push, items = obj\npush(2) is items, items"
    assert in_fresh_process(define(source).make(), question) == (True, [1, 2])


SUPER = """
    class Base:
        def who(self): return "base"
        @classmethod
        def made(cls): return "made by " + cls.__name__
        @property
        def size(self): return 1
    class Derived(Base):
        def who(self): return "derived of " + super().who()
        @classmethod
        def made(cls): return super().made() + "!"
        @property
        def size(self): return super().size + 1
        def own_class(self): return __class__
    """


def test_super_in_methods(in_fresh_process):
    question = "d = obj()\nd.who(), obj.made(), d.size, d.own_class() is obj"
    expected = ("derived of base", "made by Derived!", 2, True)
    assert in_fresh_process(define(SUPER).Derived, question) == expected


def test_super_by_way_of_an_instance(in_fresh_process):
    question = "obj.who(), obj.own_class() is type(obj)"
    assert in_fresh_process(define(SUPER).Derived(), question) == (
        "derived of base",
        True,
    )


def test_super_by_way_of_a_method_alone(in_fresh_process):
    question = "cls = obj.__closure__[0].cell_contents\nobj(cls()), cls.who is obj"
    assert in_fresh_process(define(SUPER).Derived.who, question) == (
        "derived of base",
        True,
    )


def test_super_with_arguments(in_fresh_process):
    source = """
        class Base:
            def who(self): return "base"
        class Derived(Base):
            def who(self): return "derived of " + super(Derived, self).who()
        """
    assert in_fresh_process(define(source).Derived(), "obj.who()") == "derived of base"


def test_a_method_s_cell_is_the_class_that_arrives(in_fresh_process):
    source = """
        class C:
            def a(self): return __class__
            def b(self): return __class__
        """
    question = "cls, a = obj\ncls().a() is cls().b() is cls, cls.a is a"
    made = define(source)
    assert in_fresh_process([made.C, made.C.a], question) == (True, True)


def test_a_class_in_a_closure(in_fresh_process):
    source = """
        def make(n):
            class Local:
                value = n
                def get(self): return n, Local, __class__
            return Local
        """
    question = "n, a, b = obj().get()\nn, a is b is obj, obj.__qualname__"
    expected = (4, True, "make.<locals>.Local")
    assert in_fresh_process(define(source).make(4), question) == expected
