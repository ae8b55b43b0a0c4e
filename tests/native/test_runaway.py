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
