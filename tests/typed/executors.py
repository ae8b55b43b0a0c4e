"""What a type checker has to find of the executors: `make lint` runs mypy on it.

An ignored error that mypy does not find is an error itself.
"""

from concurrent.futures import Future

import cppickle


def scaled(x: int, *, by: float = 1.0) -> list[float]:
    return [x * by]


def right(pool: cppickle.ProcessPoolExecutor) -> None:
    future: Future[list[float]] = pool.submit(scaled, 1, by=2.0)
    numbers: list[float] = future.result()
    numbers.extend(pool.submit(lambda: 3).result() for _ in range(2))
    for each in pool.map(scaled, range(3)):
        numbers.extend(each)


def wrong(pool: cppickle.ProcessPoolExecutor) -> None:
    pool.submit(scaled, "1")  # type: ignore[arg-type]
    pool.submit(scaled, 1, to=2.0)  # type: ignore[call-arg]
    pool.submit(scaled)  # type: ignore[call-arg]
    text: Future[str] = pool.submit(scaled, 1)  # type: ignore[arg-type]
    text.result().upper()
