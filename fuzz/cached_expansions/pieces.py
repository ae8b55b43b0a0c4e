"""The statements that define the graph of a case: functions, classes, data.

Names in bodies may belong to any piece, so functions and classes refer to each other.
"""

import re
import sys

from fuzz.cached_expansions.templates import (
    BUILTINS,
    ENUMERATIONS,
    FUNCTIONS,
    NEWER_FUNCTIONS,
    OTHER_CLASSES,
    PLAIN_CLASSES,
)
from fuzz.cached_expansions.values import IMPORTS

NEWER = sys.version_info >= (3, 12)


class Writer:
    """Writes the pieces of a case, and tells `pick` which names there are."""

    def __init__(self, pick):
        self.pick = pick
        self.bases = []
        self.statements = [IMPORTS, "import fuzz_plain, fuzz_package.inner"]
        counts = [pick.random.randrange(2, 5) for _ in range(3)]
        self.planned = [f"f{i}" for i in range(counts[0])]
        self.planned += [f"C{i}" for i in range(counts[1])]
        self.planned += ["V0", "V1", "V2", "L0", "D0", "i0", "S0", "missing"]
        self.counts = counts

    def write(self):
        self.write_data()
        kinds = [self.write_function] * self.counts[0]
        kinds += [self.write_class] * self.counts[1]
        self.pick.random.shuffle(kinds)
        for write in kinds:
            write()
        for i in range(self.counts[2]):
            self.write_instance(f"i{i}")
        return self.statements

    def write_data(self):
        pick = self.pick
        pick.scalars += ["V0", "V1", "V2"]
        for name in pick.scalars:
            self.statements.append(f"{name} = {pick.scalar()}")
        for kind, names, literal in [
            (pick.lists, ["L0", "L1"], "[{}, {}]"),
            (pick.dicts, ["D0", "D1"], "{{'a': {}, 1: {}}}"),
            (pick.sets, ["S0"], "{{0, 8, {}, {}}}"),
        ]:
            for name in names:
                part = pick.scalar if kind is pick.sets else pick.value
                self.statements.append(f"{name} = {literal.format(part(), part())}")
                kind.append(name)

    def filled(self, text, **names):
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        text = "\n".join(line[indent:] for line in lines)
        fillers = {
            "v": self.pick.value,
            "names": self.some_names,
            "n": lambda: str(self.pick.random.randrange(5)),
        }
        fillers.update(
            (name, lambda value=value: value) for name, value in names.items()
        )
        pattern = "{(" + "|".join(fillers) + ")}"
        return re.sub(pattern, lambda found: fillers[found[1]](), text)

    def some_names(self):
        count = self.pick.one([0, 0, 1, 2])
        names = [f"{self.pick.one(self.planned)}, " for _ in range(count)]
        return f"({''.join(names)})"

    def write_function(self):
        pick = self.pick
        name = f"f{sum(n[1:].isdigit() for n in pick.functions if n[0] == 'f')}"
        text = pick.one(FUNCTIONS + NEWER_FUNCTIONS * NEWER)
        old = pick.one(pick.functions or ["len"])
        self.statements.append(self.filled(text, f=name, old=old))
        pick.functions.append(name)
        pick.functions += [name + end for end in "bcd" if "{f}" + end in text]

    def write_class(self):
        pick = self.pick
        name = f"C{sum(n[1:].isdigit() for n in pick.classes if n[0] == 'C')}"
        kinds = [*[PLAIN_CLASSES] * 3, OTHER_CLASSES, ENUMERATIONS]
        kind = pick.one(kinds) if self.bases else PLAIN_CLASSES[:1]
        text = pick.one(kind)
        names = {"c": name, "base": pick.one(self.bases or ["object"])}
        names["builtin"] = pick.one(BUILTINS)
        names["old_class"] = pick.one(pick.classes or ["object"])
        self.statements.append(self.filled(text, **names))
        pick.classes.append(name)
        if kind is ENUMERATIONS:
            pick.enumerations.append(name)
            pick.instances.append(f"{name}.A")
            return
        self.tell_more(name, text)

    def tell_more(self, name, text):
        """The functions and classes inside of a class."""
        pick = self.pick
        if any(f"class {{c}}{rest}" in text for rest in (":", "({base})")):
            self.bases.append(name)
        for prefix in ("Meta", "Descriptor", "Under", "Concrete"):
            if f"class {prefix}" in text:
                pick.classes.append(prefix + name)
        if "class Meta" in text:
            pick.metaclasses.append("Meta" + name)
        if "def method" in text:
            pick.functions.append(f"{name}.method")
        if "Nested" in text:
            pick.classes.append(f"{name}.Nested")
            pick.functions += [f"{name}.static", f"{name}.build.__func__"]

    def write_instance(self, name):
        pick = self.pick
        cls = pick.one([c for c in pick.classes if not c.startswith("Meta")])
        arguments = pick.one(["", "", pick.value()])
        lines = [f"{name} = {cls}({arguments})"]
        if pick.chance(0.5):
            lines.append(f"{name}.a = {pick.value()}")
        if pick.chance(0.5):
            lines.append(f"{name}.y = {pick.value()}")
        if pick.chance(0.3):
            lines.append(f"{name}.q = {pick.value()}")
        self.statements += lines
        pick.instances.append(name)
