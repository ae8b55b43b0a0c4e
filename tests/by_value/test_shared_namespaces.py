"""Streams for processes that share namespaces (cppickle._namespaces): what is in them.

What they do there is in tests/integrations/test_shared_globals.py.
"""

import io
import pickle
import sys
import types

import pytest
from by_value.test_cached_expansions import CHANGES, NAMES, SOURCE
from support.source import Namespace
from support.streams import repeat

import cppickle
from cppickle import _core, _namespaces

SHARED = {"_namespaces": "shared"}


@pytest.fixture
def main(monkeypatch):
    """A ``__main__`` that has the source's names."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec(compile(SOURCE, "<sender>", "exec"), vars(module))
    return Namespace(vars(module))


@pytest.mark.parametrize("name", NAMES)
def test_repeated_streams_are_those_that_are_written_out(main, name):
    obj, plain = getattr(main, name), cppickle.dumps(getattr(main, name))
    repeat(obj, **SHARED)
    repeat([obj, main.plain, obj, (main.Base,)], **SHARED)
    for _ in range(3):
        assert cppickle.dumps(obj) == plain  # nothing of one form is in the other


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(main, change):
    name, statement = CHANGES[change]
    obj = getattr(main, name)
    before = repeat(obj, **SHARED)
    exec(statement, main.globals)
    assert cppickle.dumps(obj, **SHARED) != before
    repeat(obj, **SHARED)


@pytest.mark.skipif(
    not hasattr(_core, "_take_read_report"),
    reason="only the build of `make test-reads` logs reads",
)
@pytest.mark.parametrize("name", NAMES)
def test_all_reads_are_covered(main, name):
    _core._take_read_report()
    for _ in range(4):
        cppickle.dumps(getattr(main, name), **SHARED)
    _, _, missing = _core._take_read_report()
    assert not missing


def test_a_global_that_only_an_annotation_names_has_a_token(main):
    """Without one it would count as changed at each task, and be set anew."""
    exec("class Limits: most = 1\ndef hinted(x: 'Limits'): return x", main.globals)
    hinted = main.globals["hinted"]

    def tokens():
        *_, sent = _namespaces_updates(cppickle.dumps(hinted, **SHARED))
        return sent

    before = tokens()
    assert set(before) == {"Limits"}
    assert tokens() == before
    exec("class Limits: most = 2", main.globals)
    assert tokens()["Limits"] != before["Limits"]


def _namespaces_updates(stream):
    """The tokens in each update of a namespace that a stream brings."""
    updates = []

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) == (_namespaces.__name__, "update"):
                return lambda space, values, tokens: updates.append(tokens)
            return super().find_class(module, name)

    Unpickler(io.BytesIO(stream)).load()
    return updates


def test_only_functions_of_modules_that_are_loaded_share(main):
    names = {"__name__": "__main__"}
    exec("rate = 2\ndef f(): return rate", names)
    assert cppickle.dumps(names["f"], **SHARED) == cppickle.dumps(names["f"])
    assert b"_namespaces" in cppickle.dumps(main.with_globals, **SHARED)


def test_a_namespace_that_becomes_a_module_s_is_seen(monkeypatch):
    module = types.ModuleType("__main__")
    exec("rate = [2]\ndef f(): return rate", vars(module))
    alone = repeat(module.f, **SHARED)
    monkeypatch.setitem(sys.modules, "__main__", module)
    shared = repeat(module.f, **SHARED)
    assert shared != alone
    monkeypatch.setitem(_namespaces._spaces, "__main__", vars(module))
    monkeypatch.undo()
    assert repeat(module.f, **SHARED) == alone


def test_other_processes_get_globals_of_their_own(main):
    """As without the option: what is loaded here is no worker's."""
    for streams in (
        cppickle.dumps(main.counter, **SHARED),
        repeat(main.with_globals, **SHARED),
    ):
        first, second = pickle.loads(streams), pickle.loads(streams)
        assert first.__globals__ is not second.__globals__
        assert first.__globals__ is not main.globals
        assert {"__name__", "__builtins__"} <= set(first.__globals__)
    assert first(2) == main.with_globals(2)


@pytest.fixture
def worker(monkeypatch):
    """This process, as if another one had started it. Gives what loads a stream."""
    monkeypatch.setattr(_namespaces, "_comes_from_starter", lambda process: True)
    monkeypatch.setattr(_namespaces, "_spaces", {})
    monkeypatch.setattr(_namespaces, "_tokens", {})
    return pickle.loads


RATES = "def rates(): return rate, more\ndef set_rate(n): global rate; rate = n"


@pytest.fixture
def rates(main):
    exec(RATES, main.globals)
    return main.globals


def sent(rates, name="rates"):
    return cppickle.dumps(rates[name], **SHARED)


VALUES = [None, True, 1, 1.0, 0.0, -0.0, "a", b"a", (), [], [1], {}, len, sys]


@pytest.mark.parametrize("value", [*VALUES, float("nan")], ids=repr)
def test_what_the_worker_sets_stays_until_the_sender_has_another(worker, rates, value):
    rates.update(rate=value, more=0)
    there = worker(sent(rates))
    worker(sent(rates, "set_rate"))("set")
    assert there()[0] == worker(sent(rates))()[0] == "set"
    for other in VALUES:
        if repr(other) == repr(value):
            continue
        rates["rate"] = other
        assert repr(worker(sent(rates))()[0]) == repr(other)
        rates["rate"] = value
        assert repr(worker(sent(rates))()[0]) == repr(value)


def test_an_entry_counts_by_its_own_content(worker, rates):
    """Not by the entries that a function in it names."""
    exec("def f(): return more\nrate, more = [f], 1", rates)
    there = worker(sent(rates))
    there()[0].append("set")
    rates["more"] = 2
    there = worker(sent(rates))
    assert (there()[0][1:], there()[0][0](), there()[1]) == (["set"], 2, 2)


def test_an_object_of_another_class_is_another(worker, rates):
    source = "class C: {}\nrate, more = C(), 0"
    exec(source.format("a = 1"), rates)
    assert worker(sent(rates))()[0].a == 1
    exec(source.format("a = 2"), rates)
    assert worker(sent(rates))()[0].a == 2


def test_content_that_cannot_be_determined_counts_as_changed(worker, rates):
    rates.update(rate=[bytes(2_000_000)], more=0)
    there = worker(sent(rates))
    there.__globals__["rate"] = None
    assert len(worker(sent(rates))()[0][0]) == 2_000_000


def test_foreign_code_that_changes_the_globals_meanwhile(worker, rates):
    class Changing:
        def __reduce__(self):
            rates.pop("more", None)
            return int, (7,)

    rates.update(rate=Changing(), more=[5])
    there = worker(sent(rates))
    assert there.__globals__["rate"] == 7


def test_nobody_is_told_of_the_option():
    assert set(_core._options()) == {"class_ids"}
    with pytest.raises(TypeError) as caught:
        cppickle.set_default(other=1)
    assert "_namespaces" not in str(caught.value)
