"""What the tasks of one worker process share: its __main__, as with the standard pool.

Each story runs as a program's ``__main__``, with the standard pickler where that can
run it, and with cppickle: the answers have to be the same.
"""

import multiprocessing
import subprocess
import sys
import tempfile
import textwrap

import pytest
from support.processes import SECONDS, environment

METHODS = multiprocessing.get_all_start_methods()

# {pool} makes a pool of one process that calls an initializer.
POOLS = {
    "standard executor": """
        def pool(*start):
            return concurrent.futures.ProcessPoolExecutor(1, context, *start)
        """,
    "our executor": """
        import cppickle

        def pool(*start):
            return cppickle.ProcessPoolExecutor(1, context, *start)
        """,
    "executor, installed": """
        import cppickle.integrations.processes

        if __name__ == "__main__":
            cppickle.integrations.processes.install()

        def pool(*start):
            return concurrent.futures.ProcessPoolExecutor(1, context, *start)
        """,
    "Pool, installed": """
        import cppickle.integrations.processes

        if __name__ == "__main__":
            cppickle.integrations.processes.install()

        class pool:
            def __init__(self, *start):
                self.pool = context.Pool(1, *start)
            def __enter__(self):
                return self
            def __exit__(self, *exception):
                self.pool.terminate()
            def map(self, function, *items):
                return self.pool.starmap(function, zip(*items), chunksize=1)
            def submit(self, function, *arguments):
                self.answer = self.pool.apply_async(function, arguments)
                return self
            def result(self):
                return self.answer.get(60)
        """,
}
HEAD = """
    import concurrent.futures, functools, multiprocessing, threading

    context = multiprocessing.get_context({method!r})
    """


def told(story, pool, method, with_file=True):
    """What a program prints."""
    parts = [HEAD.format(method=method), POOLS[pool], story]
    source = "\n".join(map(textwrap.dedent, parts))
    with tempfile.TemporaryDirectory() as folder:
        command = ["-c", source]
        if with_file:
            command = [f"{folder}/program.py"]
            with open(command[0], "w") as file:
                file.write(source)
        done = subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environment(),
            cwd=folder,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


OURS = [name for name in POOLS if name != "standard executor"]


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


@pytest.fixture(params=OURS)
def ours(request):
    return request.param


LIKE_THE_STANDARD_ONE = {
    "an initializer that sets a global": """
        model, calls = None, 0

        def init(n):
            global model
            model = n * 10

        def task(x):
            global calls
            calls += 1
            return model, calls

        if __name__ == "__main__":
            with pool(init, (5,)) as workers:
                print(*workers.map(task, range(3)))
        """,
    "one that changes what is there": """
        config, seen, table = {}, [], dict(a=[1])

        def init(n):
            config["n"] = n
            table["a"].append(2)

        def task(x):
            seen.append(x)
            return config, seen, table

        if __name__ == "__main__":
            with pool(init, (5,)) as workers:
                print(*workers.map(task, range(3)))
        """,
    "one that makes an object of a class": """
        class Model:
            made = 0

            def __init__(self, n):
                self.n = n
                Model.made += 1

        model, models = None, [Model(0)]

        def init(n):
            global model
            model = Model(n)

        def task(x, given):
            models.append(model)
            return (isinstance(model, Model), isinstance(given, Model), model.n,
                    all(isinstance(one, Model) for one in models), len(models))

        if __name__ == "__main__":
            with pool(init, (5,)) as workers:
                print(*workers.map(task, range(3), [Model(n) for n in range(3)]))
        """,
    "one that puts another function in place": """
        def slow(x):
            return "slow"

        def fast(x):
            return "fast"

        chosen, answer = slow, slow

        def init():
            global chosen
            chosen = fast
            globals()["answer"] = fast

        def task(x):
            return chosen(x), answer is fast or chosen(x)

        if __name__ == "__main__":
            with pool(init, ()) as workers:
                print(*[chosen for chosen, _ in workers.map(task, range(2))])
        """,
    "a cache": """
        loaded = []

        @functools.lru_cache
        def load(name):
            loaded.append(name)
            return name.upper()

        def task(x):
            return load("a"), len(loaded)

        def init():
            load("a")

        if __name__ == "__main__":
            with pool(init, ()) as workers:
                print(*workers.map(task, range(3)))
        """,
    "methods and functions share globals": """
        total = 0

        class Adder:
            def __init__(self, n):
                self.n = n

            def __call__(self):
                global total
                total += self.n
                return total

        def read(x):
            return total

        def run(adder):
            return adder()

        if __name__ == "__main__":
            with pool(int, ()) as workers:
                print(*workers.map(run, [Adder(1), Adder(2), Adder(3)]))
                print(workers.submit(read, 0).result())
                print(total)
        """,
}


@pytest.mark.parametrize("story", LIKE_THE_STANDARD_ONE)
def test_as_with_the_standard_executor(story, ours, method):
    source = LIKE_THE_STANDARD_ONE[story]
    assert told(source, ours, method) == told(source, "standard executor", method)


@pytest.mark.skipif("fork" not in METHODS, reason="processes cannot be forked here")
def test_what_no_stream_can_hold_is_inherited(ours):
    story = """
        lock, model = threading.Lock(), None

        def init(n):
            global model
            with lock:
                model = n

        def task(x):
            return model

        if __name__ == "__main__":
            with pool(init, (5,)) as workers:
                print(*workers.map(task, range(2)))
        """
    assert told(story, ours, "fork") == ["5 5"]


CHANGES = """
    rate, names, table, model = 1, [], {"a": 1}, None

    def f(x):
        return x

    def init(n):
        global model
        model = n

    def task():
        return rate, names, table, f(1), model

    if __name__ == "__main__":
        rate = 2  # what a spawned process does not come by
        with pool(init, (5,)) as workers:
            def show():
                print(*workers.submit(task).result())

            show()
            rate = 3
            names.append("x")
            show()
            table["a"] = 2
            def f(x):
                return -x
            show()
            model = 6
            show()
            show()
    """


def test_what_the_sender_changes_arrives(ours, method):
    assert told(CHANGES, ours, method) == [
        "2 [] {'a': 1} 1 5",
        "3 ['x'] {'a': 1} 1 5",
        "3 ['x'] {'a': 2} -1 5",
        "3 ['x'] {'a': 2} -1 6",
        "3 ['x'] {'a': 2} -1 6",
    ]


@pytest.mark.parametrize("method", METHODS)
def test_a_main_without_a_file(ours, method):
    story = LIKE_THE_STANDARD_ONE["an initializer that sets a global"]
    assert told(story, ours, method, with_file=False) == ["(50, 1) (50, 2) (50, 3)"]


def test_a_change_in_the_sender_leaves_what_the_worker_has_set(ours, method):
    story = """
        rate, calls = 1, 0

        def task():
            global calls
            calls += 1
            return rate, calls

        if __name__ == "__main__":
            with pool(int, ()) as workers:
                for rate in range(2, 5):
                    print(*workers.submit(task).result())
        """
    assert told(story, ours, method) == ["2 1", "3 2", "4 3"]


def test_nothing_at_home_is_set_by_what_comes_back(ours, method):
    story = """
        rate = 1

        def task():
            global rate
            rate = 7
            return lambda: rate

        if __name__ == "__main__":
            with pool(int, ()) as workers:
                back = workers.submit(task).result()
                print(back(), rate, back.__globals__ is globals(), back.__module__)
        """
    assert told(story, ours, method) == ["7 1 False __main__"]


def test_loads_in_a_worker_has_globals_of_its_own(ours, method):
    story = """
        import pickle, cppickle as ours_too

        calls = 0

        def bump():
            global calls
            calls += 1
            return calls

        def task(stream):
            return bump(), pickle.loads(stream)(), pickle.loads(stream)(), calls

        if __name__ == "__main__":
            with pool(int, ()) as workers:
                print(*workers.map(task, [ours_too.dumps(bump)] * 2))
        """
    assert told(story, ours, method) == ["(1, 1, 1, 1) (2, 1, 1, 2)"]


def test_a_worker_with_workers_of_its_own(method):
    story = """
        import cppickle

        model = None

        def init(n):
            global model
            model = n

        def task(x):
            return x, model

        def outer(x):
            with cppickle.ProcessPoolExecutor(1, context, init, (x,)) as inner:
                return model, list(inner.map(task, range(2)))

        if __name__ == "__main__":
            with cppickle.ProcessPoolExecutor(1, context, init, (3,)) as workers:
                print(*workers.map(outer, [5, 6]))
        """
    expected = "(3, [(0, 5), (1, 5)]) (3, [(0, 6), (1, 6)])"
    assert told(story, "our executor", method) == [expected]


def test_a_process_that_runs_what_comes_by_a_queue(method):
    """The standard pool's own way, by hand."""
    story = """
        model, calls = None, 0

        def serve(todo, done, n):
            global model
            model = n
            for task in iter(todo.get, None):
                done.put(task())

        def task():
            global calls
            calls += 1
            return model, calls

        if __name__ == "__main__":
            todo, done = context.Queue(), context.Queue()
            process = context.Process(target=serve, args=(todo, done, 5))
            process.start()
            for _ in range(2):
                todo.put(task)
                print(*done.get(timeout=60))
            todo.put(None)
            process.join()
        """
    for pool in ("standard executor", "Pool, installed"):
        assert told(story, pool, method) == ["5 1", "5 2"]


def test_siblings_bring_their_own(method):
    story = """
        calls = 0

        def bump():
            global calls
            calls += 1
            return calls

        def first(out):
            bump()
            out.put(bump)

        def second(inbox, out):
            other = inbox.get()
            out.put((other(), bump()))

        if __name__ == "__main__":
            between, out = context.Queue(), context.Queue()
            both = [context.Process(target=first, args=(between,)),
                    context.Process(target=second, args=(between, out))]
            for process in both:
                process.start()
            print(*out.get(timeout=60))
            for process in both:
                process.join()
        """
    assert told(story, "Pool, installed", method) == ["2 1"]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="needs Python 3.14")
def test_interpreters():
    story = """
        import cppickle

        model, calls = None, 0

        def init(n):
            global model
            model = n

        def task(x):
            global calls
            calls += 1
            return model, calls

        if __name__ == "__main__":
            workers = cppickle.InterpreterPoolExecutor(
                1, initializer=init, initargs=(5,)
            )
            with workers:
                print(*workers.map(task, range(2)))
        """
    assert told(story, "our executor", "spawn") == ["(5, 1) (5, 2)"]
