"""How an error tells its path, errors of the user's hooks, and life after an error."""

import io
import pickle
import select
import sys
import threading
import traceback
import types

import pytest
from support.source import define

import cppickle

# Not under a name of the module: that would go by reference.
OWN = types.SimpleNamespace(lock=threading.Lock())


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
        assert error.cppickle_path == "obj['k']"

    def test_the_error_of_a_lock_stays(self):
        error = failure([OWN.lock])
        with pytest.raises(TypeError) as expected:
            pickle.dumps([OWN.lock])
        assert type(error) is TypeError
        assert error.args == expected.value.args

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs Python 3.11")
    def test_a_note_tells_the_path(self):
        (note,) = failure({"k": Refuses()}).__notes__
        assert "obj['k']" in note

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs Python 3.11")
    def test_a_traceback_shows_it(self):
        lines = traceback.format_exception(failure({"k": [OWN.lock]}))
        assert "obj['k'][0]" in lines[-1]

    def test_an_error_of_our_own_has_it_in_the_message(self):
        error = failure({"k": [type(select.poll())]})
        assert isinstance(error, pickle.PicklingError)
        assert error.cppickle_path == "obj['k'][0]"
        assert "obj['k'][0]" in str(error).splitlines()[-1]
        assert len(str(error).splitlines()) > 1

    def test_a_malformed_reduce_value_is_an_error_of_our_own(self):
        class Malformed:
            def __reduce__(self):
                return (1, 2, 3, 4, 5, 6, 7)

        error = failure([Malformed()])
        assert isinstance(error, pickle.PicklingError)
        assert "obj[0]" in str(error)
        assert error.cppickle_path == "obj[0]"

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

        assert path([Fails()]) == "obj[0]"
        assert path({"k": Fails()}) == "obj['k']"

    def test_an_inner_dump_tells_its_own_path(self):
        class Nested:
            def __reduce__(self):
                return str, (cppickle.dumps({"inner": OWN.lock}),)

        error = failure(["outer", Nested()])
        assert type(error) is TypeError
        assert "obj[1]" in error.cppickle_path or "inner" in error.cppickle_path

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, SystemExit])
    def test_serious_exceptions_pass(self, kind):
        class Fails:
            def __reduce__(self):
                raise kind("serious")

        with pytest.raises(kind) as caught:
            cppickle.dumps([Fails()])
        assert caught.value.args == ("serious",)


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

        assert self.raised_by(Pickler, ["a", {"k": "bad"}]).startswith("obj[1]")

    def test_reducer_override(self):
        class Pickler(cppickle.Pickler):
            def reducer_override(self, obj):
                if isinstance(obj, Holder):
                    raise Refused("hook", 1)
                return NotImplemented

        assert self.raised_by(Pickler, ["a", Holder()]) == "obj[1]"

    def test_a_reducer_of_the_dispatch_table(self):
        def reduce(obj):
            raise Refused("hook", 1)

        class Pickler(cppickle.Pickler):
            dispatch_table = {Holder: reduce}

        assert self.raised_by(Pickler, {"k": Holder()}) == "obj['k']"

    def test_getstate(self):
        class Stateful:
            def __getstate__(self):
                raise Refused("hook", 1)

        assert self.raised_by(cppickle.Pickler, [Stateful()]) == "obj[0]"

    def test_an_iterator_of_items(self):
        class Filled(list):
            def __reduce__(self):
                def items():
                    yield 1
                    raise Refused("hook", 1)

                return Filled, (), None, items()

        assert self.raised_by(cppickle.Pickler, [Filled()]).startswith("obj[0]")

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
            pickler.dump([good, OWN.lock])
        file.seek(0)
        file.truncate()
        pickler.clear_memo()
        pickler.dump([good, good])
        assert pickle.loads(file.getvalue()) == [["good"], ["good"]]

    def test_dumps_can_be_used_again(self):
        made = define("def f(): return lock", lock=OWN.lock)
        assert path(made.f) == "f.__globals__['lock']"
        made.f.__globals__["lock"] = 5
        assert pickle.loads(cppickle.dumps(made.f))() == 5

    def test_the_class_that_failed_can_be_sent_when_it_is_mended(self):
        made = define("class C:\n  attr = lock", lock=OWN.lock)
        assert path(made.C) == "C.attr"
        made.C.attr = 5
        assert pickle.loads(cppickle.dumps(made.C)).attr == 5
