"""Random object graphs, with sharing and cycles, against the standard pickler."""

import pickle

import pytest
from support.graphs import Node, isomorphic

import cppickle

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")
strategies = pytest.importorskip("support.strategies")
st, given = hypothesis.strategies, hypothesis.given
atoms, graphs = strategies.atoms, strategies.graphs

BEFORE_SLOTS = tuple(sorted(set(strategies.BUILDERS) - {"slotted"}))  # protocols 0, 1

LOOSE = hypothesis.settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.data_too_large,
    ],
)


@LOOSE
@given(st.lists(atoms) | st.dictionaries(st.text(), atoms) | st.sets(st.integers()))
def test_plain_data_has_the_same_bytes(obj):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert cppickle.dumps(obj, protocol) == pickle.dumps(obj, protocol)


@LOOSE
@given(graphs(BEFORE_SLOTS))
def test_shared_and_cyclic_graphs_have_the_same_bytes(graph):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert cppickle.dumps(graph, protocol) == pickle.dumps(graph, protocol)


@LOOSE
@given(graphs())
def test_graphs_with_slots_have_the_same_bytes(graph):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert cppickle.dumps(graph, protocol) == pickle.dumps(graph, protocol)


@LOOSE
@given(graphs(), st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_shared_and_cyclic_graphs_come_back_isomorphic(graph, protocol):
    assert isomorphic(graph, pickle.loads(cppickle.dumps(graph, protocol)))


@LOOSE
@given(graphs(), graphs())
def test_two_dumps_on_one_pickler_have_the_same_bytes(first, second):
    assert two_dumps(cppickle, first, second) == two_dumps(pickle, first, second)


def two_dumps(module, first, second):
    written = []

    class Tape:
        write = staticmethod(lambda data: written.append(bytes(data)))

    pickler = module.Pickler(Tape, protocol=5)
    pickler.dump(first)
    pickler.dump([first, second])
    return b"".join(written)


def test_isomorphism_sees_lost_sharing():
    inner = [1]
    assert isomorphic([inner, inner], [inner, inner])
    assert not isomorphic([inner, inner], [[1], [1]])
    assert not isomorphic(Node(), [])
