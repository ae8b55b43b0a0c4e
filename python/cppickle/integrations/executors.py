"""Executors whose tasks, initializers, results and exceptions go by value.

They are ``cppickle.ProcessPoolExecutor`` and, from Python 3.14 on,
``cppickle.InterpreterPoolExecutor``. They change nothing outside of themselves::

    with cppickle.ProcessPoolExecutor() as pool:
        print(list(pool.map(lambda x: x * x, range(10))))
"""

import concurrent.futures
import multiprocessing
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from .. import _namespaces
from .._options import merged
from ._switch import taken_options
from .processes import by_value, for_worker, streams_of

if TYPE_CHECKING:
    from .._core import Options

__all__ = ["ProcessPoolExecutor"]

P = ParamSpec("P")
T = TypeVar("T")


class ProcessPoolExecutor(concurrent.futures.ProcessPoolExecutor):
    """``concurrent.futures.ProcessPoolExecutor`` for any function, class and object.

    Args:
        max_workers: how many processes; None: as many as there are processors.
        mp_context: fork, spawn or forkserver, as with the standard executor.
        initializer: called in each process with `initargs`; it may be a lambda.
        initargs: its arguments.
        others: the other arguments of the standard executor, and options of
            ``cppickle.dumps`` (``class_ids``, ``ship``): of what is sent and returned.

    Where they are not given, what is sent has the options of the block that submits it.
    A future raises what its function raised, or what pickling raised; then the path to
    the object that failed is the exception's ``cppickle_path``.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        mp_context: Any = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        **others: Any,
    ) -> None:
        self._options = taken_options(others)
        if initializer is not None:
            call = initializer, initargs
            forks = (mp_context or multiprocessing).get_start_method() == "fork"
            initializer = _Initializer(call, merged(self._options), forks)
            initargs = ()
        super().__init__(max_workers, mp_context, initializer, initargs, **others)

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> "Future[T]":
        """Schedule ``fn(*args, **kwargs)``; it is pickled when its turn comes."""
        stream: Any = _Outgoing((fn, args, kwargs), merged(self._options))
        return super().submit(_run, stream, *_if_any(self._options))


if sys.version_info >= (3, 14):
    __all__ += ["InterpreterPoolExecutor"]

    class InterpreterPoolExecutor(concurrent.futures.InterpreterPoolExecutor):
        """``concurrent.futures.InterpreterPoolExecutor`` for any function and object.

        Args:
            max_workers: how many threads, each with an interpreter of its own.
            thread_name_prefix: how the threads' names begin.
            initializer: called in each interpreter with `initargs`.
            initargs: its arguments.
            others: options of ``cppickle.dumps``, as for `ProcessPoolExecutor`.

        What cannot be pickled raises in ``submit()``.
        """

        def __init__(
            self,
            max_workers: int | None = None,
            thread_name_prefix: str = "",
            initializer: Callable[..., object] | None = None,
            initargs: tuple[Any, ...] = (),
            **others: Any,
        ) -> None:
            self._options = taken_options(others)
            if initializer is not None:
                call = initializer, initargs, {}
                stream = for_worker(call, _INITIALIZER, **self._options)
                initializer, initargs = _call, (stream,)
            super().__init__(
                max_workers, thread_name_prefix, initializer, initargs, **others
            )

        def submit(
            self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
        ) -> "Future[T]":
            """Schedule ``fn(*args, **kwargs)``."""
            stream = for_worker((fn, args, kwargs), _TASK, **self._options)
            return super().submit(_run, stream, *_if_any(self._options))

else:

    def __getattr__(name: str) -> Any:
        if name == "InterpreterPoolExecutor":
            here = ".".join(map(str, sys.version_info[:2]))
            raise AttributeError(f"{name} needs Python 3.14 or later; this is {here}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _if_any(options: "Options") -> "tuple[Options, ...]":
    """Nothing is sent for an executor without options."""
    return (options,) if options else ()


# How paths in errors name what is sent.
_TASK = "fn", "args", "kwargs"
_INITIALIZER = "initializer", "initargs", "keywords"


class _Outgoing:
    """Arrives as a stream, which the worker loads where errors become the task's.

    It is pickled by a thread that knows nothing of the block in which it was made.
    """

    def __init__(self, value: object, options: "Options") -> None:
        self.value = value
        self.options = options

    def __reduce__(self) -> tuple[type, tuple[bytes]]:
        return bytes, (for_worker(self.value, _TASK, **self.options),)


class _Initializer:
    """A call without arguments, which a forked process gets as it is."""

    def __init__(
        self,
        call: "tuple[Callable[..., object], tuple[Any, ...]]",
        options: "Options",
        forks: bool,
    ) -> None:
        self.call = call
        self.options = options
        self.streams = streams_of(call[:1], **options) if forks else []

    def __call__(self) -> None:
        function, arguments = self.call
        _namespaces.begin(self.streams)
        function(*arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return _initializer, (for_worker(self.call, _INITIALIZER, **self.options),)


def _initializer(stream: bytes) -> _Initializer:
    return _Initializer(pickle.loads(stream), {}, forks=False)


class _Returning:
    """A stream that arrives as what it holds."""

    def __init__(self, stream: bytes) -> None:
        self.stream = stream

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return pickle.loads, (self.stream,)


class _Raised(BaseException):
    """An exception of a task. Like `_Returning`, it arrives as the exception itself."""

    def __init__(self, error: BaseException, options: "Options") -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.stream = _described(error, options)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return pickle.loads, (self.stream,)


def _described(error: BaseException, options: "Options") -> bytes:
    try:
        return by_value(error, **options)
    except Exception as reason:
        return by_value(
            RuntimeError(
                f"{type(error).__name__}: {error} (the exception could not be sent: "
                f"{reason})"
            )
        )


def _call(stream: bytes) -> Any:
    function, arguments, options = pickle.loads(stream)
    return function(*arguments, **options)


def _result_of(function: object) -> str:
    """How a path names the result, for an error that the task's sender reads."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return f"the result of {name}()"


_ATOMS = frozenset([type(None), bool, int, float, complex, str, bytes])


def _is_plain(value: object) -> bool:
    """Whether any pickler will do: an atom, or what map() returns of a few of them."""
    if type(value) is list and len(value) <= 16:
        return all(type(item) in _ATOMS for item in value)
    return type(value) in _ATOMS


_NO_OPTIONS: "Options" = {}


def _run(stream: bytes, options: "Options" = _NO_OPTIONS) -> Any:
    """What a worker does with a task."""
    try:
        function, arguments, keywords = pickle.loads(stream)
        result = function(*arguments, **keywords)
        if _is_plain(result):
            return result
        return _Returning(by_value(result, _result_of(function), **options))
    except BaseException as error:
        raised = _Raised(error, options).with_traceback(error.__traceback__)
        # concurrent.futures prints it where the task was submitted, with this chain.
        shown = error.__cause__
        if shown is None and not error.__suppress_context__:
            shown = error.__context__
        raise raised from shown
