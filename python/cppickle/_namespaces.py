"""The namespaces that the tasks of one worker process share.

With the option ``_namespaces="shared"``, which the executors and multiprocessing use, a
stream does not bring the globals of a function as a dict of its own. It asks for the
namespace of the function's module by `namespace`, and sets globals by `update`:

- A process that multiprocessing or an executor has started has one namespace for each
  module of the process that started it. Where it was forked, that is the module itself.
- A global is set when what the sender has there is not what it had before. What the
  code of this process has set or changed stays until then.
- In all other processes a namespace is a new dict, as without the option.

What the sender has is compared by tokens, which are made of the content.
"""

import builtins
import functools
import os
import pickle
import sys
from collections.abc import Iterable, Mapping
from typing import Any

Globals = dict[str, Any]

_spaces: dict[str, Globals] = {}  # by the module's name
_tokens: dict[int, dict[str, object]] = {}  # of what was sent last, by id() of the dict
# What was there when the process began to run code of its own, by id() of the dict.
_at_begin: dict[int, Globals] = {}
_is_forked = False
_is_noting = False


def namespace(process: int, base: Globals) -> Globals:
    """The globals for functions of a module of another process.

    Args:
        process: the number of the process that sends them.
        base: what the module's globals always have, ``__name__`` among it.
    """
    shared = _is_noting or _comes_from_starter(process)
    space = _shared(base["__name__"]) if shared else {}
    for name, value in base.items():
        space.setdefault(name, value)
    space.setdefault("__builtins__", vars(builtins))
    return space


def update(space: Globals, values: Globals, tokens: Mapping[str, str]) -> None:
    """Set globals in what `namespace` gave.

    Args:
        space: the globals.
        values: what is to be set.
        tokens: of those values that are more than a number, a text or the like.
    """
    known = _tokens.get(id(space))
    if known is None:
        space.update(values)
        return
    for name, value in values.items():
        token = tokens.get(name) or _token_of(value)
        if name in known:
            stays = known[name] == token
        else:
            stays = _is_noting or _was_set_here(space, name)
        known[name] = token
        if not stays:
            space[name] = value


def begin(streams: Iterable[bytes]) -> None:
    """Note what a forked process has before it runs code of its own.

    Does nothing in a process that was not forked: there all comes by streams.

    Args:
        streams: of what this process is going to call first, made before it was forked:
            so it has inherited the ids of the classes in them.
    """
    global _is_noting
    if not _is_forked:
        return
    for space in (vars(sys.modules["__main__"]), *_spaces.values()):
        _at_begin[id(space)] = dict(space)
    for stream in streams:
        _is_noting = True
        try:
            pickle.loads(stream)
        except Exception:
            pass  # then `_at_begin` has to do
        finally:
            _is_noting = False


def _shared(name: str) -> Globals:
    space = _spaces.get(name)
    if space is None:
        space = _spaces[name] = _inherited(name)
        _tokens[id(space)] = {}
    return space


def _inherited(name: str) -> Globals:
    module = sys.modules.get(name)
    # That of a fork server is __mp_main__, which was imported there.
    if not _is_forked or module is None or module.__name__ != name:
        return {}
    return vars(module)


def _token_of(atom: object) -> object:
    # -0.0 is not 0.0, and nan is nan.
    text = repr(atom) if type(atom) in (float, complex) else atom
    return type(atom), text


def _was_set_here(space: Globals, name: str) -> bool:
    """Whether this process has set a global before anything arrived for it."""
    before = _at_begin.get(id(space))
    missing = object()
    return before is not None and space.get(name, missing) is not before.get(
        name, missing
    )


def _comes_from_starter(process: int) -> bool:
    if _is_in_interpreter():
        return process == os.getpid()
    module = sys.modules.get("multiprocessing.process")
    if module is None:
        return False
    if getattr(module.current_process(), "_inheriting", False):
        return True  # what a process that is spawned begins with
    parent = module.parent_process()
    return parent is not None and parent.pid == process


@functools.cache
def _is_in_interpreter() -> bool:
    """Whether this is not the main interpreter of its process."""
    if sys.version_info >= (3, 14):
        from concurrent import interpreters

        return interpreters.get_current() != interpreters.get_main()
    return False


def _note_fork() -> None:
    """What was sent to the parent says nothing about what the parent sends."""
    global _is_forked
    _is_forked = True
    _at_begin.clear()
    for known in _tokens.values():
        known.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
