"""Weak references: alive with what they point to, dead without."""

import weakref

from support.source import define

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
