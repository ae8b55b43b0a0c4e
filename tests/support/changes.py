"""Changes in place: what is there, the change, and the question that shows it."""

import textwrap

IN_PLACE = {
    "code of a method": """
        class Job:
            def run(self): return 1
        # then
        Job.run.__code__ = (lambda self: 2).__code__
        # ask
        obj.run()
        """,
    "code of a helper function": """
        def help(): return 1
        class Job:
            def run(self): return help()
        # then
        help.__code__ = (lambda: 2).__code__
        # ask
        obj.run()
        """,
    "code of a method of a base": """
        class Base:
            def run(self): return 1
        class Job(Base): pass
        # then
        Base.run.__code__ = (lambda self: 2).__code__
        # ask
        obj.run()
        """,
    "code of a property": """
        class Job:
            @property
            def run(self): return 1
        # then
        Job.run.fget.__code__ = (lambda self: 2).__code__
        # ask
        obj.run
        """,
    "code of a property that can only be in the body": """
        class Job:
            @property
            def __dict__(self): return 1
        # then
        vars(Job)['__dict__'].fget.__code__ = (lambda self: 2).__code__
        # ask
        obj.__dict__
        """,
    "a name that can only be in the body": """
        class Meta(type):
            run = property(lambda cls: 0)
        class Job(metaclass=Meta): run = [1]
        # then
        vars(Job)['run'][0] = 2
        # ask
        obj.run[0]
        """,
    "a hash that goes": """
        class Job:
            def __eq__(self, other): return True
            def __hash__(self): return 1
        # then
        del Job.__hash__
        # ask
        hash(obj) == 1
        """,
    "a hash that __eq__ took away comes back": """
        class Job:
            def __eq__(self, other): return True
        # then
        del Job.__hash__
        # ask
        Job.__hash__ is None if 'Job' in globals() else type(obj).__hash__ is None
        """,
    "code of a class method": """
        class Job:
            @classmethod
            def run(cls): return 1
        # then
        Job.run.__func__.__code__ = (lambda self: 2).__code__
        # ask
        obj.run()
        """,
    "code of a static method": """
        class Job:
            @staticmethod
            def run(): return 1
        # then
        Job.run.__code__ = (lambda: 2).__code__
        # ask
        obj.run()
        """,
    "code of a nested class": """
        class Job:
            class Inner:
                def run(self): return 1
        # then
        Job.Inner.run.__code__ = (lambda self: 2).__code__
        # ask
        obj.Inner().run()
        """,
    "code of a wrapped function": """
        import functools
        def wrap(f):
            @functools.wraps(f)
            def call(self): return f(self)
            return call
        class Job:
            @wrap
            def run(self): return 1
        # then
        Job.run.__wrapped__.__code__ = (lambda self: 2).__code__
        # ask
        obj.run()
        """,
    "defaults": """
        class Job:
            def run(self, a=1): return a
        # then
        Job.run.__defaults__ = (2,)
        # ask
        obj.run()
        """,
    "a default that is mutable": """
        class Job:
            def run(self, a=[1]): return a
        # then
        Job.run.__defaults__[0].append(2)
        # ask
        obj.run()
        """,
    "no more defaults": """
        class Job:
            def run(self, a=1): return a
        # then
        Job.run.__defaults__ = None
        # ask
        obj.run.__func__.__defaults__
        """,
    "a keyword default": """
        class Job:
            def run(self, *, a=1): return a
        # then
        Job.run.__kwdefaults__['a'] = 2
        # ask
        obj.run()
        """,
    "all keyword defaults": """
        class Job:
            def run(self, *, a=1): return a
        # then
        Job.run.__kwdefaults__ = {'a': 2}
        # ask
        obj.run()
        """,
    "annotations of a method": """
        class Job:
            def run(self, a: int): pass
        # then
        Job.run.__annotations__['a'] = str
        # ask
        obj.run.__annotations__['a'].__name__
        """,
    "annotations of a class": """
        class Job:
            a: int
        # then
        Job.__annotations__['b'] = str
        # ask
        sorted(type(obj).__annotations__)
        """,
    "attribute of a method": """
        class Job:
            def run(self): pass
        # then
        Job.run.tag = 2
        # ask
        getattr(obj.run, 'tag', None)
        """,
    "attribute of a method that is gone": """
        class Job:
            def run(self): pass
        Job.run.tag = 1
        # then
        del Job.run.tag
        # ask
        getattr(obj.run, 'tag', None)
        """,
    "doc of a method": """
        class Job:
            def run(self): 'one'
        # then
        Job.run.__doc__ = 'two'
        # ask
        obj.run.__doc__
        """,
    "name of a method": """
        class Job:
            def run(self): pass
        # then
        Job.run.__name__ = 'walk'
        # ask
        obj.run.__name__
        """,
    "qualified name of a method": """
        class Job:
            def run(self): pass
        # then
        Job.run.__qualname__ = 'Other.run'
        # ask
        obj.run.__qualname__
        """,
    "module of a method": """
        class Job:
            def run(self): pass
        # then
        Job.run.__module__ = 'elsewhere'
        # ask
        obj.run.__module__
        """,
    "a cell": """
        def make():
            n = 1
            def put(value):
                nonlocal n
                n = value
            class Job:
                def run(self): return n
            return Job, put
        Job, put = make()
        # then
        put(2)
        # ask
        obj.run()
        """,
    "content of a cell": """
        def make(items):
            class Job:
                def run(self): return items
            return Job
        items = [1]
        Job = make(items)
        # then
        items.append(2)
        # ask
        obj.run()
        """,
    "a cell that was empty": """
        def make():
            def run(self):
                try: return later
                except NameError: return None
            if False: later = 0
            return run
        class Job: run = make()
        # then
        Job.run.__closure__[0].cell_contents = 2
        # ask
        obj.run()
        """,
    "a global": """
        n = 1
        class Job:
            def run(self): return n
        # then
        n = 2
        # ask
        obj.run()
        """,
    "a global that is gone": """
        n = 1
        class Job:
            def run(self):
                try: return n
                except NameError: return None
        # then
        del n
        # ask
        obj.run()
        """,
    "a global that was missing": """
        class Job:
            def run(self):
                try: return n
                except NameError: return None
        # then
        n = 2
        # ask
        obj.run()
        """,
    "a global that hides a built-in": """
        class Job:
            def run(self): return len(())
        # then
        def len(x): return 2
        # ask
        obj.run()
        """,
    "global of a nested function": """
        n = 1
        class Job:
            def run(self): return (lambda: n)()
        # then
        n = 2
        # ask
        obj.run()
        """,
    "doc of the class": """
        class Job: 'one'
        # then
        Job.__doc__ = 'two'
        # ask
        type(obj).__doc__
        """,
    "name of the class": """
        class Job: pass
        # then
        Job.__name__ = 'Task'
        # ask
        type(obj).__name__
        """,
    "qualified name of the class": """
        class Job: pass
        # then
        Job.__qualname__ = 'Outer.Job'
        # ask
        type(obj).__qualname__
        """,
    "module of the class": """
        class Job: pass
        # then
        Job.__module__ = 'elsewhere'
        # ask
        type(obj).__module__
        """,
    "bases": """
        class One:
            def run(self): return 1
        class Two:
            def run(self): return 2
        class Job(One): pass
        # then
        Job.__bases__ = (Two,)
        # ask
        obj.run()
        """,
    "one base more": """
        class One: pass
        class Two:
            extra = 2
        class Job(One): pass
        # then
        Job.__bases__ = (One, Two)
        # ask
        getattr(obj, 'extra', None)
        """,
    "the metaclass": """
        class One(type):
            def run(cls): return 1
        class Two(type):
            def run(cls): return 2
        class Job(metaclass=One): pass
        # then
        Job.__class__ = Two
        # ask
        type(obj).run()
        """,
    "an attribute of the metaclass": """
        class Meta(type): n = 1
        class Job(metaclass=Meta): pass
        # then
        Meta.n = 2
        # ask
        type(type(obj)).n
        """,
    "registration with an ABC": """
        import abc
        class Job(abc.ABC): pass
        # then
        Job.register(list)
        # ask
        issubclass(list, type(obj))
        """,
    "an abstract method that is no more": """
        import abc
        class Base(abc.ABC):
            @abc.abstractmethod
            def run(self): pass
        class Job:
            def run(self): return Base
        # then
        Base.__abstractmethods__ = frozenset()
        # ask
        sorted(obj.run().__abstractmethods__)
        """,
    "an attribute added": """
        class Job: pass
        # then
        Job.n = 2
        # ask
        getattr(obj, 'n', None)
        """,
    "an attribute deleted": """
        class Job: n = 1
        # then
        del Job.n
        # ask
        getattr(obj, 'n', None)
        """,
    "an attribute of a base deleted": """
        class Base: n = 1
        class Job(Base): pass
        # then
        del Base.n
        # ask
        getattr(obj, 'n', None)
        """,
    "a method deleted": """
        class Job:
            def run(self): pass
        # then
        del Job.run
        # ask
        hasattr(obj, 'run')
        """,
    "an attribute that hides that of a base deleted": """
        class Base: n = 1
        class Job(Base): n = 2
        # then
        del Job.n
        # ask
        obj.n
        """,
    "a property replaced": """
        class Job: n = property(lambda self: 1)
        # then
        Job.n = property(lambda self: 2)
        # ask
        obj.n
        """,
    "a property that gets a setter": """
        class Job: n = property(lambda self: 1)
        # then
        Job.n = Job.n.setter(lambda self, value: None)
        # ask
        type(obj).n.fset is not None
        """,
    "a property that becomes a value": """
        class Job: n = property(lambda self: 1)
        # then
        Job.n = 2
        # ask
        obj.n
        """,
    "a method that becomes static": """
        class Job:
            def run(*args): return len(args)
        # then
        Job.run = staticmethod(Job.run)
        # ask
        obj.run()
        """,
    "a special method added": """
        class Job: pass
        # then
        Job.__len__ = lambda self: 2
        # ask
        hasattr(obj, '__len__') and len(obj)
        """,
    "a special method deleted": """
        class Job:
            def __len__(self): return 1
        # then
        del Job.__len__
        # ask
        hasattr(obj, '__len__')
        """,
    "__eq__ and no __hash__": """
        class Job: pass
        # then
        Job.__eq__ = lambda a, b: True
        # ask
        obj == 1
        """,
    "__init__ replaced": """
        class Job:
            def __init__(self): self.n = 1
        # then
        Job.__init__ = lambda self: setattr(self, 'n', 2)
        # ask
        type(obj)().n
        """,
    "an alias of an enum": """
        import enum
        class E(enum.Enum): A = 1
        class Job:
            def run(self): return E
        # then
        E._member_map_['B'] = E.A
        type.__setattr__(E, 'B', E.A)
        # ask
        sorted(obj.run().__members__)
        """,
    "a method of an enum": """
        import enum
        class E(enum.Enum):
            A = 1
            def double(self): return 1
        class Job:
            def run(self): return E.A.double()
        # then
        E.double = lambda self: 2
        # ask
        obj.run()
        """,
    "the default of a field of a dataclass": """
        import dataclasses
        @dataclasses.dataclass
        class Job: n: int = 1
        # then
        Job.__dataclass_fields__['n'].default = 2
        # ask
        type(obj).__dataclass_fields__['n'].default
        """,
    "state of an instance that a method names": """
        class Helper: pass
        helper = Helper()
        helper.n = 1
        class Job:
            def run(self): return helper.n
        # then
        helper.n = 2
        # ask
        obj.run()
        """,
    "class of an instance that a method names": """
        class One: n = 1
        class Two: n = 2
        helper = One()
        class Job:
            def run(self): return helper.n
        # then
        helper.__class__ = Two
        # ask
        obj.run()
        """,
    "a slot of an instance": """
        class Helper: __slots__ = "n",
        helper = Helper()
        helper.n = 1
        class Job:
            def run(self): return helper.n
        # then
        helper.n = 2
        # ask
        obj.run()
        """,
    "a descriptor's state": """
        class Descriptor:
            n = 1
            def __get__(self, obj, owner): return self.n
        class Job: value = Descriptor()
        # then
        Job.__dict__['value'].n = 2
        # ask
        obj.value
        """,
    "what a partial calls": """
        import functools
        def f(n): return n
        class Job: call = staticmethod(functools.partial(f, 1))
        # then
        f.__code__ = (lambda n: n + 1).__code__
        # ask
        obj.call()
        """,
    "an item of a list in a dict": """
        class Job: table = {'a': [1]}
        # then
        Job.table['a'].append(2)
        # ask
        obj.table
        """,
    "a dynamic module": """
        import types
        helper = types.ModuleType("helper")
        helper.n = 1
        class Job:
            def run(self): return helper.n
        # then
        helper.n = 2
        # ask
        obj.run()
        """,
    "the bound function of a method": """
        class Helper:
            def f(self): return 1
        call = Helper().f
        class Job:
            def run(self): return call()
        # then
        Helper.f.__code__ = (lambda self: 2).__code__
        # ask
        obj.run()
        """,
    "the class that super() looks in": """
        class Base:
            def run(self): return 1
        class Job(Base):
            def run(self): return super().run()
        # then
        Base.run = lambda self: 2
        # ask
        obj.run()
        """,
    "a subclass of a list with state": """
        class L(list): pass
        class Job: items = L()
        # then
        Job.items.note = 2
        # ask
        getattr(obj.items, 'note', None)
        """,
}


def parts(change):
    """The three parts of a change."""
    first, _, rest = textwrap.dedent(change).partition("# then\n")
    then, _, ask = rest.partition("# ask\n")
    return first, then, ask
