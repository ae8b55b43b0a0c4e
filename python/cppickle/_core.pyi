from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from pickle import PickleBuffer, PicklingError
from types import CodeType, FunctionType, ModuleType
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypedDict

from _typeshed import ReadableBuffer
from typing_extensions import Unpack

from ._shipping import Ship

class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...

_BufferCallback: TypeAlias = Callable[[PickleBuffer], Any] | None
_Reducer: TypeAlias = Callable[[Any], str | tuple[Any, ...]]

class Options(TypedDict, total=False):
    """Keyword options of a dump. None: as by default. There is no such class."""

    class_ids: Literal["content", "process"] | None
    ship: Ship | None
    warn_local: Literal[False, True] | None

DEFAULT_PROTOCOL: int
__version__: str

class DeepRecursionError(PicklingError, RecursionError): ...

class BasePickler:
    pass

class Pickler(BasePickler):
    dispatch: ClassVar[ChainMap[type, _Reducer]]
    dispatch_table: Mapping[type, _Reducer]
    bin: bool
    fast: bool
    # For cppickle.integrations alone.
    _root_name: str | tuple[str, ...] | None
    @property
    def memo(self) -> Any: ...
    @memo.setter
    def memo(self, value: Any) -> None: ...
    def __init__(
        self,
        file: _Writable,
        protocol: int | None = None,
        buffer_callback: _BufferCallback = None,
        *,
        fix_imports: bool = True,
        **options: Unpack[Options],
    ) -> None: ...
    def dump(self, obj: object, /) -> None: ...
    def clear_memo(self) -> None: ...
    def persistent_id(self, obj: Any, /) -> Any: ...
    def reducer_override(self, obj: Any, /) -> Any: ...

class _Readable(Protocol):
    def read(self, size: int, /) -> Any: ...
    def readline(self) -> Any: ...

class Unpickler:
    @property
    def memo(self) -> Any: ...
    @memo.setter
    def memo(self, value: Any) -> None: ...
    def __init__(
        self,
        file: _Readable,
        *,
        fix_imports: bool = True,
        encoding: str = "ASCII",
        errors: str = "strict",
        buffers: Iterable[Any] | None = (),
    ) -> None: ...
    def load(self) -> Any: ...
    def find_class(self, module_name: str, global_name: str, /) -> Any: ...
    def persistent_load(self, pid: Any, /) -> Any: ...

def dump(
    obj: object,
    file: _Writable,
    protocol: int | None = None,
    buffer_callback: _BufferCallback = None,
    **options: Unpack[Options],
) -> None: ...
def dumps(
    obj: object,
    protocol: int | None = None,
    buffer_callback: _BufferCallback = None,
    **options: Unpack[Options],
) -> bytes: ...
def loads(
    data: ReadableBuffer,
    /,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = (),
) -> Any: ...
def load(
    file: _Readable,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Iterable[Any] | None = (),
) -> Any: ...
def register_pickle_by_value(module: ModuleType) -> None: ...
def unregister_pickle_by_value(module: ModuleType) -> None: ...
def list_registry_pickle_by_value() -> set[str]: ...

# For cppickle._shipping alone.
def _observed_dump(
    obj: object, protocol: int | None = None, /
) -> tuple[bytes, set[str], list[FunctionType]]: ...

# For cppickle._options alone.
def _options() -> dict[str, tuple[str | bool, ...]]: ...
def _checked_options(function: str, keywords: Mapping[str, Any], /) -> Options: ...
def _set_default_options(function: str, keywords: Mapping[str, Any], /) -> None: ...
def _read_block_options(variable: ContextVar[Options], /) -> None: ...

# For cppickle.compat alone.
def _by_value_modules() -> set[str]: ...
def _use_by_value_modules(names: set[str], /) -> None: ...
def _code_globals(code: CodeType, /) -> tuple[str, ...]: ...
def _replace_helper(name: str, function: Callable[..., Any] | None, /) -> None: ...
def _set_reducer_override(function: Callable[[Any, Any], Any], /) -> None: ...
