"""Weak references: alive with what they point to, dead without."""

import os
import tempfile
import textwrap
import threading
import weakref

import pytest
from support.source import define

import cppickle

NODE = """
    import weakref
    class Node:
        def __init__(self, n=0): self.n = n
        def get(self): return self.n
    """


def test_a_weak_reference(in_fresh_process):
    node = define(NODE).Node(5)
    questions = [
        "ref, node = obj\nref() is node, type(ref).__name__, ref().n",
        "import gc\nnode = obj[1] = None\ngc.collect()\nobj[0]()",
    ]
    answers = in_fresh_process([weakref.ref(node), node], *questions)
    assert answers == [(True, type(weakref.ref(node)).__name__, 5), None]


def test_a_weak_reference_after_its_object(in_fresh_process):
    node = define(NODE).Node(5)
    question = "node, one, two = obj\none() is node is two()"
    sent = [node, weakref.ref(node), weakref.ref(node)]
    assert in_fresh_process(sent, question) is True


def test_a_dead_reference(in_fresh_process):
    ref = weakref.ref(define(NODE).Node())
    assert ref() is None
    assert in_fresh_process(ref, "obj(), type(obj).__name__") == (
        None,
        type(ref).__name__,
    )


def test_a_parent_link(in_fresh_process):
    source = (
        NODE
        + """
    class Child(Node):
        def __init__(self, parent): self.parent = weakref.ref(parent)
    root = Node()
    root.children = [Child(root), Child(root)]
    """
    )
    question = "[child.parent() is obj for child in obj.children]"
    assert in_fresh_process(define(source).root, question) == [True, True]


def test_a_weak_reference_to_a_function_and_a_class(in_fresh_process):
    made = define(NODE + "\n    def f(): return 1\n")
    question = "a, b, f, cls = obj\na() is f, b() is cls"
    sent = [weakref.ref(made.f), weakref.ref(made.Node), made.f, made.Node]
    assert in_fresh_process(sent, question) == (True, True)


def test_a_weak_method(in_fresh_process):
    node = define(NODE).Node(5)
    question = "method, node = obj\nmethod()(), method().__self__ is node"
    assert in_fresh_process([weakref.WeakMethod(node.get), node], question) == (5, True)


def test_a_weak_set(in_fresh_process):
    made = define(NODE)
    nodes = [made.Node(1), made.Node(2)]
    question = """
        import gc
        nodes, weak = obj
        before = sorted(n.n for n in weak), nodes[0] in weak
        del nodes[0]
        gc.collect()
        before, [n.n for n in weak], type(weak).__name__
        """
    expected = (([1, 2], True), [2], "WeakSet")
    assert in_fresh_process([nodes, weakref.WeakSet(nodes)], question) == expected


def test_a_weak_key_dictionary(in_fresh_process):
    made = define(NODE)
    nodes = [made.Node(1), made.Node(2)]
    table = weakref.WeakKeyDictionary({node: [node.n] for node in nodes})
    question = """
        import gc
        nodes, table = obj
        found = table[nodes[0]], len(table)
        del nodes[0]
        gc.collect()
        found, list(table.values()), type(table).__name__
        """
    expected = (([1], 2), [[2]], "WeakKeyDictionary")
    assert in_fresh_process([nodes, table], question) == expected


def test_a_weak_value_dictionary(in_fresh_process):
    made = define(NODE)
    nodes = [made.Node(1), made.Node(2)]
    table = weakref.WeakValueDictionary({node.n: node for node in nodes})
    question = """
        import gc
        nodes, table = obj
        found = table[1] is nodes[0], sorted(table)
        del nodes[0]
        gc.collect()
        found, list(table), type(table).__name__
        """
    expected = ((True, [1, 2]), [2], "WeakValueDictionary")
    assert in_fresh_process([nodes, table], question) == expected


def test_empty_weak_collections(in_fresh_process):
    sent = [
        weakref.WeakSet(),
        weakref.WeakKeyDictionary(),
        weakref.WeakValueDictionary(),
    ]
    assert in_fresh_process(sent, "[len(x) for x in obj]") == [0, 0, 0]


def test_a_weak_dictionary_used_by_a_class(in_fresh_process):
    source = (
        NODE
        + """
    class Cached:
        table = weakref.WeakKeyDictionary()
        def get(self, node): return self.table.setdefault(node, node.n + 1)
    node = Node(1)
    Cached().get(node)
    """
    )
    made = define(source)
    question = "cls, node = obj\ncls.table[node], cls().get(type(node)(5))"
    assert in_fresh_process([made.Cached, made.node], question) == (2, 6)


def test_a_finalizer_does_nothing_elsewhere(bare_worker, tmp_path):
    """It is a registration of its process: the directory is the sender's to remove."""
    with tempfile.TemporaryDirectory(dir=tmp_path) as name:
        directory = tempfile.TemporaryDirectory(dir=name)
        bare_worker.load(cppickle.dumps(directory))
        question = "alive = obj._finalizer.alive\ndel obj\nalive"
        assert bare_worker.ask(question) is False
        assert os.path.isdir(directory.name)
        directory.cleanup()


def with_node(source):
    return define(textwrap.dedent(NODE) + textwrap.dedent(source))


class TestProxies:
    """A proxy answers for what it stands for, also about how to pickle it."""

    def test_a_proxy(self, in_fresh_process):
        node = define(NODE).Node(5)
        question = """
            import gc
            proxy, node = obj
            node.n = 7
            seen = type(proxy).__name__, proxy.n
            node = obj[1] = None
            gc.collect()
            try:
                proxy.n
            except ReferenceError:
                seen += "dead",
            seen
            """
        sent = [weakref.proxy(node), node]
        expected = (type(weakref.proxy(node)).__name__, 7, "dead")
        assert in_fresh_process(sent, question) == expected

    @pytest.mark.parametrize("protocol", range(6))
    def test_a_parent_link(self, bare_worker, protocol):
        source = """
        root = Node()
        root.child = Node()
        root.child.parent = weakref.proxy(root)
        """
        bare_worker.load(cppickle.dumps(with_node(source).root, protocol))
        question = "obj.n = 7\nobj.child.parent.n, obj.child.parent.child is obj.child"
        assert bare_worker.ask(question) == (7, True)

    def test_a_callable_proxy(self, in_fresh_process):
        made = with_node("def f(x): return x + 1")
        question = "proxy, f = obj\nproxy(1), type(proxy).__name__"
        expected = (2, type(weakref.proxy(made.f)).__name__)
        assert in_fresh_process([weakref.proxy(made.f), made.f], question) == expected

    def test_dead_proxies(self, in_fresh_process):
        node = define(NODE).Node()
        callable_node = define("class Node:\n  def __call__(self): pass").Node()
        dead = [weakref.proxy(node), weakref.proxy(callable_node)]
        del node, callable_node
        question = """
            def is_dead(proxy):
                try:
                    str(proxy)
                except ReferenceError:
                    return True
            [(type(proxy).__name__, is_dead(proxy)) for proxy in obj]
            """
        expected = [(type(proxy).__name__, True) for proxy in dead]
        assert in_fresh_process(dead, question) == expected

    @pytest.mark.parametrize("make", ["weakref.ref", "weakref.proxy"])
    def test_the_callback_goes_along(self, in_fresh_process, make):
        source = f"""
        gone = []
        node = Node()
        weak = {make}(node, gone.append)
        """
        made = with_node(source)
        question = """
            import gc
            node, gone, weak = obj
            node = obj[0] = None
            gc.collect()
            len(gone)
            """
        assert in_fresh_process([made.node, made.gone, made.weak], question) == 1

    def test_a_proxy_in_what_it_stands_for(self, in_fresh_process):
        node = define(NODE).Node(5)
        node.me = weakref.proxy(node)
        question = "proxy, node = obj\nnode.n = 7\nproxy.n, node.me.n, proxy is node.me"
        assert in_fresh_process([node.me, node], question) == (7, 7, True)

    def test_a_proxy_as_global_closure_and_class_attribute(self, in_fresh_process):
        source = """
        node = Node(5)
        proxy = weakref.proxy(node)
        def make(held):
            def get(): return held.n, proxy.n
            return get
        get = make(proxy)
        class Cls: held = proxy
        """
        made = with_node(source)
        question = "node, get, cls = obj\nnode.n = 7\nget(), cls.held.n"
        sent = [made.node, made.get, made.Cls]
        assert in_fresh_process(sent, question) == ((7, 7), 7)

    def test_what_it_stands_for_and_cannot_be_sent(self):
        node = define(NODE).Node(threading.Lock())
        with pytest.raises(TypeError) as caught:
            cppickle.dumps([weakref.proxy(node)])
        assert caught.value.cppickle_path == "list[0].n"
        with pytest.raises(TypeError) as caught:
            cppickle.dumps([weakref.ref(node)])
        assert caught.value.cppickle_path == "list[0]().n"
