"""Recursion without end is an error; depth is not."""

import pickle

import pytest
from support.processes import run_child

import cppickle

HEAD = """
import os, pickle
import cppickle
N = 250_000

class Node:
    def __init__(self, next=None): self.next = next

def chain():
    node = None
    for _ in range(N): node = Node(node)
    return node

def refused():
    try:
        cppickle.dumps(Node())
    except cppickle.DeepRecursionError as error:
        assert "deep recursion" in str(error)
        assert isinstance(error, pickle.PicklingError)
        assert "..." in error.cppickle_path, error.cppickle_path
        print("refused", flush=True)
    os._exit(0)

def accepted():
    print(len(cppickle.dumps(chain())) > N, flush=True)
    os._exit(0)
"""

RUNAWAY = {
    "arguments": "Node.__reduce__ = lambda self: (Node, (Node(),))",
    "state": "Node.__reduce__ = lambda self: (Node, (), {'next': Node()})",
    "items": "Node.__reduce__ = lambda self: (list, (), None, iter([Node()]))",
    "pairs": "Node.__reduce__ = lambda self: "
    "(dict, (), None, None, iter([(1, Node())]))",
    "a registered reducer": "cppickle.Pickler.dispatch[Node] = "
    "lambda self: (Node, (Node(),))",
    "a plain instance between": "class Plain: pass\n"
    "def reduce(self):\n"
    "    plain = Plain()\n"
    "    plain.node = Node()\n"
    "    return Node, (plain,)\n"
    "Node.__reduce__ = reduce",
    "two in turn": "class Other:\n"
    "    def __reduce__(self): return Other, (Node(),)\n"
    "Node.__reduce__ = lambda self: (Node, (Other(),))",
}

DEEP = {
    "arguments": "Node.__reduce__ = lambda self: (Node, (self.next,))",
    "a copied state": "Node.__reduce__ = lambda self: (Node, (), dict(vars(self)))",
    "its own state": "Node.__reduce__ = lambda self: (Node, (), vars(self))",
    "items": "Node.__reduce__ = lambda self: (list, (), None, iter([self.next]))",
    "a proxy made on the spot": "class Proxy:\n"
    "    def __init__(self, to): self.to = to\n"
    "    def __reduce__(self): return Proxy, (self.to,)\n"
    "Node.__reduce__ = lambda self: (Node, (Proxy(self.next),))",
    "a registered reducer": "cppickle.Pickler.dispatch[Node] = "
    "lambda self: (Node, (self.next,))",
}


@pytest.mark.parametrize("kind", RUNAWAY)
def test_endless(kind):
    assert run_child(f"{HEAD}\n{RUNAWAY[kind]}\nrefused()").strip() == "refused"


@pytest.mark.parametrize("kind", DEEP)
def test_deep(kind):
    assert run_child(f"{HEAD}\n{DEEP[kind]}\naccepted()").strip() == "True"


class Endless:
    def __getattribute__(self, name):
        return getattr(self, name)


def test_python_s_own_limit_is_a_pickling_error():
    with pytest.raises(pickle.PicklingError, match="deep recursion") as caught:
        cppickle.dumps([Endless()])
    assert isinstance(caught.value, RecursionError)
    assert isinstance(caught.value.__cause__, RecursionError)
    assert caught.value.cppickle_path == "list[0]"


def test_a_reduce_that_dumps_itself():
    class Nested:
        def __reduce__(self):
            return bytes, (cppickle.dumps(self),)

    with pytest.raises(pickle.PicklingError, match="deep recursion"):
        cppickle.dumps(Nested())


def test_other_errors_stay_what_they_are():
    class Failing:
        def __reduce__(self):
            raise RuntimeError("recursion is not the matter")

    with pytest.raises(RuntimeError) as caught:
        cppickle.dumps([Failing()])
    assert type(caught.value) is RuntimeError


SELF = """
import sys
import cppickle

class R:
    def __init__(self, *parts): self.parts = parts
class L(list): pass
class Proxy:
    def __init__(self, *to): self.to = to
    def __reduce__(self): return Proxy, self.to

def refused(obj, path, protocol=None):
    try:
        cppickle.dumps(obj, protocol)
    except cppickle.DeepRecursionError as error:
        assert "among the arguments" in str(error), error
        assert error.cppickle_path == path, error.cppickle_path
        print("refused", flush=True)

def written(obj, protocol=None):
    stream = cppickle.dumps(obj, protocol)
    sys.setrecursionlimit(100_000)
    print("written" if type(cppickle.loads(stream)) is type(obj) else "lost")
"""

NEVER_MADE = {
    "itself": "R.__reduce__ = lambda self: (R, (self,))\n"
    "refused([1, R()], 'list[1].__reduce__()[1][0]')",
    "in a new list": "R.__reduce__ = lambda self: (R, ([self],))\n"
    "refused(R(), 'R.__reduce__()[1][0][0]')",
    "in a new dict, beside much else": "R.__reduce__ = lambda self: "
    "(R, ({i: [i] for i in range(500)} | {'x': self},))\n"
    "refused(R(), \"R.__reduce__()[1][0]['x']\")",
    "in a new instance": "class Plain: pass\n"
    "def reduce(self):\n"
    "    plain = Plain()\n"
    "    plain.r = self\n"
    "    return R, (plain,)\n"
    "R.__reduce__ = reduce\n"
    "refused(R(), 'R.__reduce__()[1][0].r')",
    "in a new list of a new object": "R.__reduce__ = lambda self: "
    "(R, (Proxy([self]),))\n"
    "refused(R(), 'R.__reduce__()[1][0].to[0][0]')",
    "behind something finite": "R.__reduce__ = lambda self: "
    "(R, (Proxy(Proxy(Proxy(*map(Proxy, range(9))))), self))\n"
    "refused(R(), 'R.__reduce__()[1][1]')",
    "by way of a ring": "ring = [R() for _ in range(3000)]\n"
    "for a, b in zip(ring, ring[1:] + ring[:1]): a.next = b\n"
    "R.__reduce__ = lambda self: (R, (self.next,))\n"
    "refused(ring[0], 'R' + '.next' * 20 + '...' + '.next' * 20)",
    "below much else": "R.__reduce__ = lambda self: (R, (self,))\n"
    "r = R()\n"
    "for _ in range(10_000): r = Proxy(r)\n"
    "refused(r, 'Proxy' + '.to[0]' * 20 + '...' + '.to[0]' * 19 +"
    " '.__reduce__()[1][0]')",
    "a registered reducer": "cppickle.Pickler.dispatch[R] = lambda r: (R, (r,))\n"
    "refused(R(), 'R.__reduce__()[1][0]')",
    "a property": "p = property()\np.__init__(p)\nrefused(p, 'property.fget')",
    "a function's default": "def f(r=R()): pass\n"
    "R.__reduce__ = lambda self: (R, (self,))\n"
    "refused(f, 'f.__defaults__[0].__reduce__()[1][0]')",
    "an attribute of a class": "class C: r = R()\n"
    "R.__reduce__ = lambda self: (R, (self,))\n"
    "refused(C, 'C.r.__reduce__()[1][0]')",
    "a list of an old protocol": "L = L()\n"
    "L.append(L)\n"
    "for protocol in (0, 1):\n"
    "    refused(L, 'L.__reduce__()[1][2][0]', protocol)",
}

MADE = {
    "children that know their parent": "class Child: pass\n"
    "R.__reduce__ = lambda self: (R, tuple(self.parts))\n"
    "r = R(*[Child() for _ in range(2500)])\n"
    "for child in r.parts: child.parent = r\n"
    "written(r)",
    "the same in a new instance": "class Child: pass\n"
    "class Parts: pass\n"
    "def reduce(self):\n"
    "    state = Parts()\n"
    "    state.parts = self.parts\n"
    "    return R, (state,)\n"
    "R.__reduce__ = reduce\n"
    "r = R(*[Child() for _ in range(2500)])\n"
    "for child in r.parts: child.parent = r\n"
    "written(r)",
    "lists by way of proxies": "R.__reduce__ = lambda self: "
    "(R, tuple(map(Proxy, self.parts)))\n"
    "r = R(*[[] for _ in range(1100)])\n"
    "for part in r.parts: part.append(r)\n"
    "written(r)",
    "one that answers otherwise the second time": "def reduce(self):\n"
    "    self.times = getattr(self, 'times', 0) + 1\n"
    "    return (R, (self,)) if self.times < 500 else (R, ())\n"
    "R.__reduce__ = reduce\n"
    "written(R())",
    "many of those": "def reduce(self):\n"
    "    self.times = getattr(self, 'times', 0) + 1\n"
    "    return (R, (self,)) if self.times < 10 else (R, self.parts)\n"
    "R.__reduce__ = reduce\n"
    "r = R()\n"
    "for _ in range(5_000): r = R(r)\n"
    "written(r)",
}


@pytest.mark.parametrize("kind", NEVER_MADE)
def test_one_that_has_to_be_there_before_it_is_made(kind):
    answer = run_child(f"{SELF}\n{NEVER_MADE[kind]}")
    assert set(answer.split()) == {"refused"}


@pytest.mark.parametrize("kind", MADE)
def test_one_that_is_reached_again_and_made(kind):
    assert run_child(f"{SELF}\n{MADE[kind]}").strip() == "written"
