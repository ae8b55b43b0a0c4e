"""Projects: modules on disk, imported here, that no other process has."""

import importlib
import sys

import pytest

import cppickle


class Project:
    """A folder on ``sys.path``, with files that are given as a dict."""

    def __init__(self, folder):
        self.folder = folder
        self.names = set()

    def write(self, **files):
        """Write files; ``pk__a`` is ``pk/a.py``, a path is given by a dict."""
        self.write_all(
            {name.replace("__", "/") + ".py": s for name, s in files.items()}
        )

    def write_all(self, files):
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)
            self.names.add(name.partition("/")[0].partition(".")[0])
        importlib.invalidate_caches()

    def load(self, name):
        return importlib.import_module(name)

    def forget(self):
        """Take its modules out of this process."""
        for name in list(sys.modules):
            if name.partition(".")[0] in self.names:
                del sys.modules[name]
                cppickle._core._by_value_modules().discard(name)


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    project = Project(folder)
    yield project
    project.forget()


@pytest.fixture
def pk(project):
    """The package of the tests, of which not all is imported."""
    project.write_all(
        {
            "pk/__init__.py": "from . import config\n",
            "pk/config.py": "import threading\nLOCK = threading.Lock()\n"
            "DEBUG = False\n",
            "pk/a.py": "import threading\n"
            "LOCK = threading.Lock()\n"
            "def f(x):\n    from .b import g\n    return g(x)\n"
            "def h(x):\n    import pk.sub.c\n    return pk.sub.c.k(x)\n"
            "def debug():\n    from pk import config\n    return config.DEBUG\n"
            "class C:\n"
            "    def __init__(self, x): self.x = x\n"
            "    def m(self): return f(self.x)\n",
            "pk/b.py": "from helper import scale\ndef g(x): return scale * x\n",
            "pk/sub/__init__.py": "",
            "pk/sub/c.py": "def k(x): return ('k', x)\n",
            "pk/plugins/one.py": "name = 'one'\n",
            "pk/data/table.txt": "1 2 3\n",
            "pk/tests/__init__.py": "",
            "pk/tests/test_a.py": "raise RuntimeError('not for workers')\n",
            "helper.py": "scale = 10\n",
            "unused.py": "raise RuntimeError('nobody imports it')\n",
        }
    )
    project.load("pk.a")
    return project
