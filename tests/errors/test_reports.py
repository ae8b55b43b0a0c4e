"""How an error tells its path, errors of the user's hooks, and life after an error."""

import asyncio
import contextlib
import ctypes
import functools
import io
import logging
import multiprocessing
import os
import pickle
import select
import socket
import sys
import threading
import traceback

import pytest
from support.source import define

import cppickle

# In a list: what a module holds itself goes by reference.
HELD = [threading.Lock()]


class Holder:
    pass


class Refused(Exception):
    """What the unpicklable thing of the user raises."""


class Refuses:
    def __reduce__(self):
        raise Refused("not me", 5)


def failure(obj):
    """The exception that dumping `obj` raises."""
    with pytest.raises(Exception) as caught:
        cppickle.dumps(obj)
    return caught.value


def path(obj):
    return failure(obj).cppickle_path


class TestHowItIsTold:
    def test_the_type_and_arguments_of_a_user_s_error_stay(self):
        error = failure({"k": Refuses()})
        assert type(error) is Refused
        assert error.args == ("not me", 5)
        assert error.cppickle_path == "dict['k']"

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs Python 3.11")
    def test_a_note_tells_the_path(self):
        (note,) = failure({"k": Refuses()}).__notes__
        assert "dict['k']" in note

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs Python 3.11")
    def test_a_traceback_shows_it(self):
        lines = traceback.format_exception(failure({"k": [HELD[0]]}))
        assert any("dict['k'][0]" in line for line in lines)

    def test_an_error_of_our_own_has_it_in_the_message(self):
        error = failure({"k": [type(select.poll())]})
        assert isinstance(error, pickle.PicklingError)
        assert error.cppickle_path == "dict['k'][0]"
        assert "dict['k'][0]" in str(error).splitlines()[-1]
        assert len(str(error).splitlines()) > 1

    def test_a_malformed_reduce_value_is_an_error_of_our_own(self):
        class Malformed:
            def __reduce__(self):
                return (1, 2, 3, 4, 5, 6, 7)

        error = failure([Malformed()])
        assert isinstance(error, pickle.PicklingError)
        assert "list[0]" in str(error)
        assert error.cppickle_path == "list[0]"

    def test_an_exception_without_room_for_attributes(self):
        class Bare(Exception):
            __slots__ = ()

            def __setattr__(self, name, value):
                raise AttributeError(name)

        class Fails:
            def __reduce__(self):
                raise Bare("bare")

        error = failure([Fails()])
        assert type(error) is Bare
        assert error.args == ("bare",)

    def test_an_error_raised_twice_tells_the_last_path(self):
        always = Refused("the same")

        class Fails:
            def __reduce__(self):
                raise always

        assert path([Fails()]) == "list[0]"
        assert path({"k": Fails()}) == "dict['k']"

    def test_an_inner_dump_tells_its_own_path(self):
        class Nested:
            def __reduce__(self):
                return str, (cppickle.dumps({"inner": HELD[0]}),)

        error = failure(["outer", Nested()])
        assert type(error) is TypeError
        assert "list[1]" in error.cppickle_path or "inner" in error.cppickle_path

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, SystemExit])
    def test_serious_exceptions_pass(self, kind):
        class Fails:
            def __reduce__(self):
                raise kind("serious")

        with pytest.raises(kind) as caught:
            cppickle.dumps([Fails()])
        assert caught.value.args == ("serious",)


def socket_pair():
    return socket.socketpair()[0]


def generator():
    yield 1


# What raises a builtin error with one plain string when it is pickled, and no code of
# the user's has a part in it.
RAISED_BY_PYTHON = {
    "a lock": threading.Lock,
    "a generator": generator,
    "a frame": sys._getframe,
    "a raw file": functools.partial(open, os.devnull, "rb", buffering=0),
    "a socket, whose Python code is of the library": socket_pair,
    "a lock of multiprocessing": lambda: multiprocessing.Lock(),
}


def raising(error):
    """What raises `error` by C code when it is pickled."""
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    loop.close()
    future.set_exception(error)

    class Raises:
        __reduce__ = future.result

    return Raises()


class TestMessages:
    """Loggers and engines show ``str(error)`` and nothing else."""

    @pytest.mark.parametrize("protocol", [2, 5])
    @pytest.mark.parametrize("made", RAISED_BY_PYTHON)
    def test_the_message_tells_the_path(self, made, protocol):
        with contextlib.closing(Closing(RAISED_BY_PYTHON[made]())) as obj:
            with pytest.raises(Exception) as expected:
                pickle.dumps(obj.held, protocol)
            with pytest.raises(Exception) as caught:
                cppickle.dumps({"k": [obj.held]}, protocol)
        message, line = str(caught.value).splitlines()
        assert type(caught.value) is expected.type
        assert message == str(expected.value)
        assert line == f"  while pickling {caught.value.cppickle_path}"
        assert "['k'][0]" in line
        assert not hasattr(caught.value, "__notes__")

    def test_a_logger_shows_it(self, caplog):
        try:
            cppickle.dumps({"k": [HELD[0]]})
        except TypeError as error:
            logging.getLogger("engine").error("%s", error)
        assert "['k'][0]" in caplog.text

    def test_the_root_needs_no_path(self):
        with pytest.raises(TypeError) as expected:
            pickle.dumps(HELD[0])
        assert failure(HELD[0]).args == expected.value.args

    @pytest.mark.parametrize(
        "statement",
        [
            "raise TypeError('cannot pickle me')",
            "_thread.allocate_lock().__reduce_ex__(4)",
            "copy.copy(_thread.allocate_lock())",
            "int('x')",
        ],
    )
    def test_what_code_of_the_user_raises_keeps_its_message(self, statement):
        made = define(
            f"""
            import _thread, copy
            class Holder:
                def __getstate__(self): {statement}
            holder = Holder()
            """
        )
        with pytest.raises((TypeError, ValueError)) as expected:
            made.holder.__getstate__()
        assert failure([made.holder]).args == expected.value.args

    @pytest.mark.parametrize(
        "error",
        [
            TypeError("two", "arguments"),
            TypeError(5),
            TypeError(),
            KeyError("str() is a repr"),
            OSError(2, "no such file"),
            UnicodeDecodeError("utf-8", b"x", 0, 1, "why"),
            type("Text", (TypeError,), {})("of a class of the user's"),
            TypeError(type("Text", (str,), {})("no plain string")),
        ],
        ids=lambda error: f"{type(error).__name__}{len(error.args)}",
    )
    def test_other_errors_keep_their_arguments(self, error):
        args = error.args
        found = failure([raising(error)])
        assert type(found) is type(error)
        assert found.args == args
        assert found.cppickle_path

    def test_an_error_of_c_code_behind_frames_made_for_its_traceback(self):
        """As Cython does, whose "no default __reduce__" is met often."""
        code = ctypes.pythonapi.PyCode_NewEmpty
        code.restype = ctypes.py_object
        empty = code(b"<stringsource>", b"__reduce_cython__", 2)
        with pytest.raises(BaseException) as caught:  # a frame of this code
            exec(empty, {"__name__": "cython_module"})
        entry = caught.value.__traceback__
        while entry.tb_frame.f_code is not empty:
            entry = entry.tb_next
        error = TypeError("no default __reduce__").with_traceback(entry)
        assert "[0]" in str(failure([raising(error)]))


class Closing:
    """Closes what can be closed."""

    def __init__(self, held):
        self.held = held

    def close(self):
        with contextlib.suppress(AttributeError, RuntimeError):
            self.held.close()


class TestHooksThatRaise:
    """User code that is called during a dump: its errors pass unchanged."""

    def raised_by(self, kind, obj):
        with pytest.raises(Refused) as caught:
            kind(io.BytesIO()).dump(obj)
        assert caught.value.args == ("hook", 1)
        return caught.value.cppickle_path

    def test_persistent_id(self):
        class Pickler(cppickle.Pickler):
            def persistent_id(self, obj):
                if obj == "bad":
                    raise Refused("hook", 1)

        assert self.raised_by(Pickler, ["a", {"k": "bad"}]).startswith("list[1]")

    def test_reducer_override(self):
        class Pickler(cppickle.Pickler):
            def reducer_override(self, obj):
                if isinstance(obj, Holder):
                    raise Refused("hook", 1)
                return NotImplemented

        assert self.raised_by(Pickler, ["a", Holder()]) == "list[1]"

    def test_a_reducer_of_the_dispatch_table(self):
        def reduce(obj):
            raise Refused("hook", 1)

        class Pickler(cppickle.Pickler):
            dispatch_table = {Holder: reduce}

        assert self.raised_by(Pickler, {"k": Holder()}) == "dict['k']"

    def test_getstate(self):
        class Stateful:
            def __getstate__(self):
                raise Refused("hook", 1)

        assert self.raised_by(cppickle.Pickler, [Stateful()]) == "list[0]"

    def test_an_iterator_of_items(self):
        class Filled(list):
            def __reduce__(self):
                def items():
                    yield 1
                    raise Refused("hook", 1)

                return Filled, (), None, items()

        assert self.raised_by(cppickle.Pickler, [Filled()]).startswith("list[0]")

    def test_write(self):
        class Full:
            def write(self, data):
                raise Refused("hook", 1)

        with pytest.raises(Refused) as caught:
            cppickle.Pickler(Full()).dump(["x"])
        assert caught.value.args == ("hook", 1)


class TestAfterAnError:
    def test_the_pickler_can_be_used_again(self):
        file = io.BytesIO()
        pickler = cppickle.Pickler(file)
        good = ["good"]
        with pytest.raises(TypeError):
            pickler.dump([good, HELD[0]])
        file.seek(0)
        file.truncate()
        pickler.clear_memo()
        pickler.dump([good, good])
        assert pickle.loads(file.getvalue()) == [["good"], ["good"]]

    def test_dumps_can_be_used_again(self):
        made = define("def f(): return lock", lock=HELD[0])
        assert path(made.f) == "f.__globals__['lock']"
        made.f.__globals__["lock"] = 5
        assert pickle.loads(cppickle.dumps(made.f))() == 5

    def test_the_class_that_failed_can_be_sent_when_it_is_mended(self):
        made = define("class C:\n  attr = lock", lock=HELD[0])
        assert path(made.C) == "C.attr"
        made.C.attr = 5
        assert pickle.loads(cppickle.dumps(made.C)).attr == 5
