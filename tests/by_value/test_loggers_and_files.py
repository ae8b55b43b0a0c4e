"""Loggers by name; text files open for reading by what they hold."""

import io
import logging
import pickle
import sys

import pytest
from support.processes import FarError, Worker, dumped_in_main
from support.source import define

import cppickle


@pytest.mark.parametrize("name", ["cppickle_test", "cppickle_test.sub.logger"])
def test_a_named_logger(in_fresh_process, name):
    question = f"import logging\nobj is logging.getLogger({name!r}), obj.name"
    assert in_fresh_process(logging.getLogger(name), question) == (True, name)


def test_the_root_logger(in_fresh_process):
    question = "import logging\nobj is logging.getLogger(), obj.name"
    assert in_fresh_process(logging.getLogger(), question) == (True, "root")


def test_a_function_that_logs(in_fresh_process):
    source = """
        import logging
        log = logging.getLogger("cppickle_test.job")
        def job(): return log.name, log.isEnabledFor(logging.CRITICAL)
        """
    answer = in_fresh_process(define(source).job, "obj()")
    assert answer == ("cppickle_test.job", True)


def test_a_logger_stays_itself(roundtrip):
    logger = logging.getLogger("cppickle_test.same")
    assert roundtrip(logger) is logger


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("first\nsecond\nthïrd\n", encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        yield file


def test_a_text_file(in_fresh_process, text_file):
    question = "obj.read(), obj.seek(0), obj.readline()"
    expected = ("first\nsecond\nthïrd\n", 0, "first\n")
    assert in_fresh_process(text_file, question) == expected


def test_the_position_is_kept_on_both_sides(in_fresh_process, text_file):
    text_file.readline()
    assert in_fresh_process(text_file, "obj.readline()") == "second\n"
    assert text_file.readline() == "second\n"


def test_a_file_read_to_its_end(in_fresh_process, text_file):
    text_file.read()
    assert in_fresh_process(text_file, "obj.read()") == ""


def test_the_name_is_kept(in_fresh_process, text_file):
    assert in_fresh_process(text_file, "obj.name") == text_file.name


def test_a_file_used_by_a_function(in_fresh_process, text_file):
    made = define("def job(): return [line.strip() for line in file]", file=text_file)
    assert in_fresh_process(made.job, "obj()") == ["first", "second", "thïrd"]


def test_a_file_open_for_both(in_fresh_process, text_file):
    with open(text_file.name, "r+", encoding="utf-8") as file:
        assert in_fresh_process(file, "obj.readline()") == "first\n"


@pytest.mark.parametrize("mode", ["w", "a", "x"])
def test_a_file_open_for_writing_is_refused(tmp_path, mode):
    with (
        open(tmp_path / "new", mode, encoding="utf-8") as file,
        pytest.raises(pickle.PicklingError, match="not opened for reading"),
    ):
        cppickle.dumps(file)


def test_a_closed_file_is_refused(text_file):
    text_file.close()
    with pytest.raises(pickle.PicklingError, match="closed file"):
        cppickle.dumps(text_file)


@pytest.mark.parametrize("mode", ["rb", "wb"])
def test_a_binary_file_is_refused(tmp_path, mode):
    (tmp_path / "data").write_bytes(b"data")
    with open(tmp_path / "data", mode) as file, pytest.raises(TypeError):
        cppickle.dumps(file)


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_standard_output_is_the_receiver_s_own(name):
    stream = dumped_in_main("import sys", f"sys.__{name}__")
    with Worker() as worker:
        worker.load(stream)
        assert worker.ask(f"import sys\nobj is sys.{name}") is True


def test_standard_input_is_refused():
    with pytest.raises(FarError, match="PicklingError.*standard input"):
        dumped_in_main("import sys", "sys.stdin")


def test_in_memory_text(in_fresh_process):
    file = io.StringIO("first\nsecond\n")
    file.readline()
    assert in_fresh_process(file, "obj.read(), obj.getvalue()") == (
        "second\n",
        "first\nsecond\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/null")
def test_a_device_is_read_like_a_file_or_refused():
    with open("/dev/null", encoding="utf-8") as file:
        try:
            stream = cppickle.dumps(file)
        except pickle.PicklingError:
            return
    assert pickle.loads(stream).read() == ""
