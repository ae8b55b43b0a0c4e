"""Random choices among the names and values of a case."""

import random

from fuzz.cached_expansions.values import CONTAINERS, EXOTIC, KNOWN, SCALARS

ATTRIBUTES = ["a", "y", "z", "w", "method", "static", "prop", "build", "new"]


class Pick:
    """Gives expressions. `exotic` is how often a value is one of a rare kind."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.exotic = self.random.choice([0, 0, 0, 0.02, 0.1, 0.3])
        self.functions = []
        self.classes = []
        self.instances = []
        self.enumerations = []
        self.metaclasses = []
        self.lists = []
        self.dicts = []
        self.sets = []
        self.scalars = []

    def one(self, options):
        return self.random.choice(options)

    def chance(self, share):
        return self.random.random() < share

    def function(self):
        return self.one(self.functions)

    def cls(self):
        return self.one(self.classes)

    def instance(self):
        return self.one(self.instances)

    def enumeration(self):
        return self.one(self.enumerations or self.classes)

    def metaclass(self):
        return self.one(self.metaclasses or ["C0"])

    def list(self):
        return self.one(self.lists)

    def dict(self):
        return self.one(self.dicts)

    def set(self):
        return self.one(self.sets)

    def scalar_name(self):
        return self.one(self.scalars)

    def attribute(self):
        return self.one(ATTRIBUTES)

    def owner(self):
        return self.one([self.function, self.cls, self.instance])()

    def root(self):
        kinds = [self.function, self.cls]
        return self.one([*kinds, *kinds, self.instance])()

    def module(self):
        return self.one(["fuzz_plain", "fuzz_plain", "fuzz_package.inner"])

    def defined(self):
        """A name of the case that is defined by now."""
        kinds = [self.functions, self.classes, self.instances, self.lists]
        kinds += [self.dicts, self.sets, self.scalars]
        return self.one(self.one([kind for kind in kinds if kind] or [["None"]]))

    def scalar(self):
        return self.one(SCALARS)

    def value(self):
        if self.chance(self.exotic):
            return self.one(EXOTIC)
        return self.one(
            [self.scalar, self.scalar, self.container, self.known, self.defined]
        )()

    def known(self):
        return self.one(KNOWN)

    def container(self):
        if self.chance(0.5):
            return self.one(CONTAINERS)
        return self.one(["[{}, {}]", "({}, {})", "{{'a': {}, 'b': {}}}"]).format(
            self.part(), self.part()
        )

    def part(self):
        return self.one([self.scalar, self.defined])()

    def cell(self):
        return f"{self.function()}.__closure__[{self.random.randrange(2)}]"
