"""The house rules that a program can check: layers, includes, sizes."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sysconfig

import pytest

SRC = pathlib.Path(__file__).parent.parent / "src"
RANKS = {
    "core": 0,
    "cpython": 1,
    "pickling": 2,
    "unpickling": 2,
    "bytecode": 3,
    "policy": 4,
    "identity": 4,
    "parts": 5,
    "stream": 6,
    "kinds": 7,
    "caching": 8,
    "by_value": 9,
    "module": 10,
}
LINES = 400

pytestmark = pytest.mark.skipif(
    not SRC.is_dir(), reason="the sources are not beside the tests"
)


def sources(pattern="*"):
    """All source files whose names match, as paths relative to src/."""
    return sorted(
        path.relative_to(SRC)
        for path in SRC.rglob(pattern)
        if path.suffix in (".h", ".cc")
    )


def code(path):
    """The text of a source file without its comments and string literals."""
    noise = r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\""
    text = (SRC / path).read_text()
    includes = re.compile(r"^\s*#\s*include.*$", re.MULTILINE)
    return re.sub(noise, " ", includes.sub("", text), flags=re.DOTALL)


def includes(path):
    """The names that a source file includes, with their brackets or quotes."""
    text = (SRC / path).read_text()
    return re.findall(r"^\s*#\s*include\s+([<\"][^>\"]+[>\"])", text, re.MULTILINE)


def may_include(folder, other):
    return other == folder or RANKS[other] < RANKS[folder]


def offenders(pattern, allowed):
    """The places outside of the folder `allowed` where `pattern` occurs in code."""
    return [
        f"{path}: {found.group()}"
        for path in sources()
        if path.parts[0] != allowed
        for found in re.finditer(pattern, code(path))
    ]


def test_every_folder_has_a_rank():
    assert {path.parts[0] for path in sources()} <= set(RANKS)


def test_includes_never_point_up():
    wrong = []
    for path in sources():
        for name in includes(path):
            if not name.startswith('"'):
                continue
            target = pathlib.PurePath(name.strip('"'))
            if target.parts[0] not in RANKS or not (SRC / target).is_file():
                wrong.append(f"{path}: {name} is no path below src/")
            elif not may_include(path.parts[0], target.parts[0]):
                wrong.append(f"{path}: {name} is not below it")
    assert not wrong


def included(path):
    """The headers below src/ that a file includes, as strings."""
    return {name.strip('"') for name in includes(path) if name.startswith('"')}


def test_units_have_no_circles():
    """A unit is a header with the source of the same name."""
    needs = {}
    for path in sources():
        unit = str(path.with_suffix(""))
        needs.setdefault(unit, set()).update(
            name.removesuffix(".h") for name in included(path)
        )
        needs[unit].discard(unit)
    circles = None
    while circles != needs:
        circles = needs
        needed = set().union(*circles.values())
        needs = {
            unit: others & circles.keys()
            for unit, others in circles.items()
            if unit in needed and others & circles.keys()
        }
    assert not circles


# What a header declares in a namespace: types, functions, types by another name.
DECLARED = re.compile(
    r"^(?:class|struct|enum|enum class) (\w+)\b[^;{]*\{"
    r"|^(?:\[\[\w+\]\] |inline |constexpr |const )*[\w:]+(?:<.*>)?[&*]* [&*]?(\w+)\("
    r"|^using (\w+) =",
    re.MULTILINE,
)
# What is named: no member of an object or class.
NAMED = re.compile(r"(?<![\w.:])(?<!->)(?:[a-z]\w*::)*(?:([A-Z]\w*)|([a-z]\w*)(?=\())")
# What a file declares anywhere: nested, local, or forward.
OWN = re.compile(
    r"\b(?:class|struct|typename|using|auto) (\w+)(?=[ ;:,>])"
    r"|^ *(?!return)[\w:<>,\]]+[&*]* [&*]?(\w+)\(",
    re.MULTILINE,
)


def names(pattern, path):
    return {"".join(groups) for groups in pattern.findall(code(path))}


def homes():
    """What one header of src/ alone declares in a namespace, and which."""
    found = {}
    for path in sources("*.h"):
        for name in names(DECLARED, path):
            found.setdefault(name, []).append(str(path))
    return {name: paths[0] for name, paths in found.items() if len(paths) == 1}


def test_headers_of_used_names_are_included():
    """Not by way of another header, except for a source file's own."""
    home = homes()
    wrong = []
    for path in sources():
        header = path.with_suffix(".h")
        seen = included(path) | {str(header)}
        if path != header and (SRC / header).is_file():
            seen |= included(header)
        wrong += [
            f"{path}: {name} is in {home[name]}"
            for name in names(NAMED, path) & home.keys() - names(OWN, path)
            if home[name] not in seen
        ]
    assert not wrong


def test_one_file_includes_python_h():
    found = {str(p) for p in sources() if "<Python.h>" in includes(p)}
    assert found == {"cpython/python.h"}


def test_version_differences_stay_in_cpython():
    assert not offenders(r"\b(PY_VERSION_HEX|_Py[A-Z_]\w*|PyUnstable_\w+)", "cpython")


# Reads of the user's objects: cpython/reads.h has an accessor for each.
RAW_READS = re.compile(
    r"->(?:func_|ht_|im_|m_self|m_module|m_ml|tp_(?:dict|bases|mro)\b)"
    r"|\bPyFunction_GET_\w+|\bPyMethod_GET_\w+|\bPyCell_GET\b"
    r"|\bPyDict_(?:GetItem\w*|Next|GET_SIZE|Contains)\b"
    r"|\bPy(?:Tuple|List|Set|Sequence_Fast)_(?:GET|ITEMS)\w*"
    r"|\bPyObject_GetAttr\b|\bcpython::(?:type_dict|type_lookup|lookup_attribute"
    r"|instance_dict|builtin_member|proxied_mapping|class_qualname|builtin_base"
    r"|loaded_module|function_(?:annotations|annotate|type_params))\("
)


def test_reads_go_through_their_accessors():
    """What reducers and the check of recordings read can be logged and compared."""
    places = [
        path
        for path in sources()
        if path.parts[0] in ("kinds", "parts") or path.match("recording/snapshot*")
    ]
    assert not {
        f"{path}: {raw}"
        for path in places
        if path.name != "snapshot.cc"  # compares what has been read
        for raw in RAW_READS.findall(code(path))
    }


def test_core_is_free_of_python():
    assert not [p for p in sources() if p.parts[0] == "core" and "PyObject" in code(p)]


def test_the_columns_of_make_help():
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=SRC.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [re.fullmatch(r"(  make [a-z-]+ +)\S.*", row) for row in shown.splitlines()]
    assert len(rows) > 10
    assert len({len(row[1]) for row in rows}) == 1


def test_no_goto():
    assert not offenders(r"\bgoto\b", None)


def test_files_are_short():
    sizes = {str(p): len((SRC / p).read_text().splitlines()) for p in sources()}
    assert not {path: lines for path, lines in sizes.items() if lines >= LINES}


def compiler():
    for name in (os.environ.get("CXX"), "c++", "g++", "clang++"):
        if name and shutil.which(name.split()[0]):
            return name.split()
    return None


def complaint(header, command):
    """What the compiler says about a file that includes nothing but `header`."""
    done = subprocess.run(
        [*command, "-fsyntax-only", "-std=c++20", "-x", "c++", "-", "-I", str(SRC)],
        input=f'#include "{header}"\n',
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"},
    )
    return f"{header}:\n{done.stdout}" if done.returncode else None


def test_every_header_compiles_alone():
    command = compiler()
    if command is None:
        pytest.skip("no C++ compiler found")
    python = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(python, "Python.h")):
        pytest.skip("the headers of this Python are not installed")
    command += ["-isystem", python]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = pool.map(lambda header: complaint(header, command), sources("*.h"))
    assert not [said for said in complaints if said]
