"""The text of the runtime helper: packed in the repository, unpacked by the worker."""

import pathlib
import runpy
import textwrap
import zlib

import pytest
from support.processes import Worker, run_child
from support.source import define
from support.streams import opcodes

import cppickle

PACKER = runpy.run_path(str(pathlib.Path(__file__).parents[2] / "tools/pack_helper.py"))
TEXT = PACKER["text_of_helper"]().decode()
CLASS = "class Point:\n  unit = 'm'\n  def f(self): return self.unit\nobj = Point"
DUMP = f"""
    import sys
    sys.modules['zlib'] = None
    import cppickle
    exec({CLASS!r})
    sys.stdout.write(cppickle.dumps(obj, protocol=PROTOCOL).hex())
"""


def source_in(stream):
    """What stands under 's' in the first stream with a class."""
    arguments = [argument for _, argument in opcodes(stream)]
    return arguments[arguments.index("s") + 1]


def dumped_without_zlib(protocol):
    out = run_child(textwrap.dedent(DUMP).replace("PROTOCOL", str(protocol)))
    return bytes.fromhex(out)


@pytest.fixture(scope="module")
def made():
    return define(CLASS).obj


def test_the_packed_bytes_are_the_readable_text(made):
    """Else tools/pack_helper.py has not been run after a change."""
    assert zlib.decompress(source_in(cppickle.dumps(made))).decode() == TEXT


@pytest.mark.parametrize("protocol", range(6))
def test_all_protocols(bare_worker, made, protocol):
    bare_worker.load(cppickle.dumps(made, protocol=protocol))
    assert bare_worker.ask("obj().f()") == "m"


@pytest.mark.parametrize("protocol", range(6))
def test_a_python_without_zlib_writes_the_text_for_others_without(protocol):
    stream = dumped_without_zlib(protocol)
    assert source_in(stream) == TEXT
    with Worker() as worker:
        worker.ask("import sys\nsys.modules['zlib'] = None\n1")
        worker.load(stream)
        assert worker.ask("obj().f()") == "m"


@pytest.mark.parametrize("plain_first", [True, False])
def test_packed_and_plain_text_are_one_helper(bare_worker, made, plain_first):
    streams = [dumped_without_zlib(5), cppickle.dumps(made)]
    if not plain_first:
        streams.reverse()
    bare_worker.load(streams[0], "first")
    bare_worker.ask(
        "import sys\nfound = [k for k in vars(sys) if k.startswith('_cppickle_3_')]\n1"
    )
    bare_worker.load(streams[1], "second")
    answer = "[k for k in vars(sys) if k.startswith('_cppickle_3_')] == found"
    assert bare_worker.ask(answer) is True
    assert bare_worker.ask("len(found), first().f(), second().f()") == (1, "m", "m")


def test_the_helper_does_not_hold_the_packed_bytes(bare_worker, made):
    bare_worker.load(cppickle.dumps(made))
    question = """
        import sys
        key = next(k for k in vars(sys) if k.startswith('_cppickle_3_'))
        any(isinstance(v, bytes) for v in vars(sys)[key].__globals__.values())
    """
    assert bare_worker.ask(question) is False


def test_first_loads_in_several_threads_at_once(made):
    run_child(
        f"""
        import pickle, threading
        stream = bytes.fromhex({cppickle.dumps(made).hex()!r})
        ready, found = threading.Barrier(8), []
        def load():
            ready.wait()
            found.append(pickle.loads(stream))
        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert len(found) == 8 and len(set(found)) == 1 and found[0]().f() == 'm'
        """,
        flags=["-I", "-S"],
    )
