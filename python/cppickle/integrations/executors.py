"""Executors whose tasks, initializers, results and exceptions go by value.

They are ``cppickle.ProcessPoolExecutor`` and, from Python 3.14 on,
``cppickle.InterpreterPoolExecutor``. They change nothing outside of themselves::

    with cppickle.ProcessPoolExecutor() as pool:
        print(list(pool.map(lambda x: x * x, range(10))))
"""

import concurrent.futures
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from .processes import by_value

__all__ = ["InterpreterPoolExecutor", "ProcessPoolExecutor"]


class ProcessPoolExecutor(concurrent.futures.ProcessPoolExecutor):
    """``concurrent.futures.ProcessPoolExecutor`` for any function, class and object.

    Args:
        max_workers: how many processes; None: as many as there are processors.
        mp_context: fork, spawn or forkserver, as with the standard executor.
        initializer: called in each process with `initargs`; it may be a lambda.
        initargs: its arguments.
        options: the other arguments of the standard executor.

    A future raises what its function raised, or what pickling raised; then the path to
    the object that failed is the exception's ``cppickle_path``.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        mp_context: Any = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        **options: Any,
    ) -> None:
        if initializer is not None:
            initializer, initargs = _Initializer(initializer, initargs), ()
        super().__init__(max_workers, mp_context, initializer, initargs, **options)

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> "Future[Any]":
        """Schedule ``fn(*args, **kwargs)``; it is pickled when its turn comes."""
        stream: Any = _Outgoing((fn, args, kwargs))
        return super().submit(_run, stream)


if sys.version_info >= (3, 14):

    class InterpreterPoolExecutor(concurrent.futures.InterpreterPoolExecutor):
        """``concurrent.futures.InterpreterPoolExecutor`` for any function and object.

        Args:
            max_workers: how many threads, each with an interpreter of its own.
            thread_name_prefix: how the threads' names begin.
            initializer: called in each interpreter with `initargs`.
            initargs: its arguments.

        What cannot be pickled raises in ``submit()``.
        """

        def __init__(
            self,
            max_workers: int | None = None,
            thread_name_prefix: str = "",
            initializer: Callable[..., object] | None = None,
            initargs: tuple[Any, ...] = (),
        ) -> None:
            if initializer is not None:
                call = initializer, initargs, {}
                initializer, initargs = _call, (by_value(call),)
            super().__init__(max_workers, thread_name_prefix, initializer, initargs)

        def submit(
            self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
        ) -> "Future[Any]":
            """Schedule ``fn(*args, **kwargs)``."""
            return super().submit(_run, by_value((fn, args, kwargs)))

else:
    InterpreterPoolExecutor = None


class _Outgoing:
    """Arrives as a stream, which the worker loads where errors become the task's."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __reduce__(self) -> tuple[type, tuple[bytes]]:
        return bytes, (by_value(self.value),)


class _Initializer:
    """A call without arguments, which a forked process gets as it is."""

    def __init__(
        self, function: Callable[..., object], arguments: tuple[Any, ...]
    ) -> None:
        self.call = function, arguments

    def __call__(self) -> None:
        function, arguments = self.call
        function(*arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return _initializer, (by_value(self.call),)


def _initializer(stream: bytes) -> _Initializer:
    return _Initializer(*pickle.loads(stream))


class _Returning:
    """A stream that arrives as what it holds."""

    def __init__(self, stream: bytes) -> None:
        self.stream = stream

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return pickle.loads, (self.stream,)


class _Raised(BaseException):
    """An exception of a task. Like `_Returning`, it arrives as the exception itself."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.stream = _described(error)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return pickle.loads, (self.stream,)


def _described(error: BaseException) -> bytes:
    try:
        return by_value(error)
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


_ATOMS = frozenset([type(None), bool, int, float, complex, str, bytes])


def _is_plain(value: object) -> bool:
    """Whether any pickler will do: an atom, or what map() returns of a few of them."""
    if type(value) is list and len(value) <= 16:
        return all(type(item) in _ATOMS for item in value)
    return type(value) in _ATOMS


def _run(stream: bytes) -> Any:
    """What a worker does with a task."""
    try:
        result = _call(stream)
        return result if _is_plain(result) else _Returning(by_value(result))
    except BaseException as error:
        raise _Raised(error).with_traceback(error.__traceback__) from None
