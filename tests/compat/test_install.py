"""install(): cppickle under cloudpickle's name, in this process and its children."""

import subprocess
import sys
import textwrap

import pytest
from support.processes import environment, run_child


def told(source):
    """What a child prints that runs `source`."""
    return run_child(source).split()


def test_import_gives_cppickle():
    assert told(
        """
        import sys, cppickle
        cppickle.install()
        import cloudpickle, cloudpickle.cloudpickle_fast
        from cloudpickle.cloudpickle import Pickler, _make_cell
        assert cloudpickle.Pickler is cppickle.Pickler is Pickler
        assert cloudpickle.cloudpickle._make_cell is _make_cell
        assert cloudpickle.cloudpickle_fast.cloudpickle is cloudpickle.cloudpickle
        assert sys.modules["cloudpickle"] is cloudpickle
        print(*map(cloudpickle.loads(cloudpickle.dumps(lambda x: x + 1)), [1, 2]))
        """
    ) == ["2", "3"]


def test_uninstall_gives_back_what_was_there():
    run_child(
        """
        import sys, cppickle
        before = list(sys.meta_path)
        cppickle.install()
        import cloudpickle as ours
        cppickle.uninstall()
        assert sys.meta_path == before
        assert not [name for name in sys.modules if name.startswith("cloudpickle")]
        try:
            import cloudpickle
        except ModuleNotFoundError:
            pass
        else:
            assert cloudpickle is not ours and cloudpickle.Pickler is not ours.Pickler
        """
    )


def test_both_are_idempotent():
    run_child(
        """
        import sys, cppickle
        before = list(sys.meta_path)
        cppickle.uninstall()
        cppickle.install()
        import cloudpickle
        cppickle.install()
        assert sys.modules["cloudpickle"] is cloudpickle
        cppickle.uninstall()
        cppickle.uninstall()
        assert sys.meta_path == before
        """
    )


ADOPTION = """
import sys, pickle
import cloudpickle, cloudpickle.cloudpickle as main, cloudpickle.cloudpickle_fast
from cloudpickle import dumps as early

class Local:
    pass

def modules():
    return {n: m for n, m in sys.modules.items() if n.split(".")[0] == "cloudpickle"}

def snapshot():
    return {n: (id(m), type(m), dict(vars(m))) for n, m in modules().items()}

def is_real(stream):
    return b"_make_skeleton_class" in stream
"""


def adopted(source):
    pytest.importorskip("cloudpickle")
    return run_child(ADOPTION + textwrap.dedent(source))


def test_a_loaded_cloudpickle_is_adopted():
    adopted(
        """
        import cppickle
        before = modules()
        cppickle.install()
        assert modules() == before
        assert cloudpickle.Pickler is main.Pickler is cppickle.Pickler
        assert not is_real(cloudpickle.dumps(Local))
        assert not is_real(main.dumps(Local))
        assert cloudpickle.__version__ == cppickle.__version__
        """
    )


def test_what_was_taken_out_earlier_uses_cppickle_s_pickler():
    adopted(
        """
        import cppickle
        cppickle.install()
        assert not is_real(early(Local))
        cppickle.uninstall()
        assert is_real(early(Local))
        """
    )


def test_uninstall_restores_an_adopted_cloudpickle():
    adopted(
        """
        import cppickle
        before = snapshot()
        cppickle.install()
        assert snapshot() != before
        cloudpickle._test_storage = "a user's own"
        cppickle.uninstall()
        del cloudpickle._test_storage
        assert snapshot() == before
        assert is_real(cloudpickle.dumps(Local))
        """
    )


def test_registrations_are_kept_by_both():
    adopted(
        """
        import json, csv, cppickle
        cloudpickle.register_pickle_by_value(json)
        cppickle.install()
        assert cppickle.list_registry_pickle_by_value() == {"json"}
        cppickle.register_pickle_by_value(csv)
        cppickle.uninstall()
        assert cloudpickle.list_registry_pickle_by_value() == {"json", "csv"}
        """
    )


def test_classes_are_known_to_both():
    adopted(
        """
        import cppickle
        Sent = type("Sent", (), {"__module__": "__main__"})
        old = cloudpickle.dumps(Sent)
        cppickle.install()
        assert pickle.loads(old) is Sent
        made = main._make_skeleton_class(type, "Made", (), {}, "an id", None)
        cppickle.uninstall()
        assert main._make_skeleton_class(type, "Made", (), {}, "an id", None) is made
        """
    )


def test_refused_while_cloudpickle_is_being_imported(tmp_path):
    (tmp_path / "cloudpickle").mkdir()
    (tmp_path / "cloudpickle" / "__init__.py").write_text(
        "import cppickle\n"
        "try:\n"
        "    cppickle.install()\n"
        "except RuntimeError as error:\n"
        "    said = str(error)\n"
    )
    run_child(
        f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        before = list(sys.meta_path)
        import cloudpickle
        assert "being imported" in cloudpickle.said
        assert sys.meta_path == before and not hasattr(cloudpickle, "dumps")
        """
    )


def test_refused_where_something_else_is_in_its_place():
    run_child(
        """
        import sys, types, cppickle
        class Lazy(types.ModuleType):
            pass
        sys.modules["cloudpickle"] = Lazy("cloudpickle")
        before = list(sys.meta_path)
        try:
            cppickle.install()
        except RuntimeError as error:
            assert "'cloudpickle'" in str(error)
        else:
            raise AssertionError("not refused")
        assert sys.meta_path == before
        """
    )


def test_a_blocked_import_is_blocked_again():
    run_child(
        """
        import sys, cppickle
        sys.modules["cloudpickle"] = None
        cppickle.install()
        import cloudpickle
        cppickle.uninstall()
        assert sys.modules["cloudpickle"] is None
        """
    )


def test_the_modules_are_found_by_the_import_system():
    run_child(
        """
        import importlib, importlib.util, sys, cppickle
        cppickle.install()
        for name in "cloudpickle", "cloudpickle.cloudpickle":
            assert importlib.util.find_spec(name).name == name
            module = importlib.import_module(name)
            assert importlib.reload(module) is module
            assert importlib.util.find_spec(name).name == name
        del sys.modules["cloudpickle"]
        assert importlib.import_module("cloudpickle").Pickler is cppickle.Pickler
        try:
            import cloudpickle.nothing
        except ModuleNotFoundError:
            pass
        """
    )


IS_CPPICKLE = (
    "import cloudpickle, cppickle; print(cloudpickle.Pickler is cppickle.Pickler)"
)


def test_children_on_demand():
    assert told(
        f"""
        import os, subprocess, sys, cppickle
        path = os.environ.get("PYTHONPATH")
        cppickle.install(children=True)
        child = [sys.executable, "-c", {IS_CPPICKLE!r}]
        subprocess.run(child, check=True)
        cppickle.uninstall()
        assert os.environ.get("PYTHONPATH") == path
        """
    ) == ["True"]


def preloaded(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "cppickle.preload", *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert not done.returncode, done.stderr
    assert not done.stderr
    return done.stdout.split()


def test_preload_runs_a_command():
    assert preloaded("-c", f"import sys; {IS_CPPICKLE}; print(sys.argv)", "a") == [
        "True",
        "['-c',",
        "'a']",
    ]


def test_preload_runs_a_script_as_main(tmp_path):
    script = tmp_path / "script.py"
    (tmp_path / "beside.py").write_text("value = 7\n")
    script.write_text(
        "import beside, subprocess, sys\n"
        f"child = [sys.executable, '-c', {IS_CPPICKLE!r}]\n"
        "subprocess.run(child, check=True)\n"
        "assert __name__ == '__main__' and sys.modules['__main__'].beside is beside\n"
        "assert sys.argv[1:] == ['x'] and __file__ == sys.argv[0]\n"
        "print(beside.value, 'main' in globals())\n"
    )
    assert preloaded(str(script), "x") == ["True", "7", "False"]


def test_preload_runs_a_module():
    assert preloaded("-m", "platform")


def test_the_folder_for_pythonpath():
    [folder] = preloaded("--path")
    done = subprocess.run(
        [sys.executable, "-c", IS_CPPICKLE],
        capture_output=True,
        text=True,
        env=environment() | {"PYTHONPATH": folder},
        timeout=60,
    )
    assert done.stdout.split() == ["True"], done.stderr


def test_nothing_of_it_is_imported_before_it_is_used():
    run_child(
        """
        import sys, cppickle
        cppickle.loads(cppickle.dumps(lambda: 1))
        assert not [name for name in sys.modules if name.startswith("cppickle.compat")]
        assert "logging" not in sys.modules and "uuid" not in sys.modules
        """
    )
