"""The far end: a script that loads streams, answers questions and passes objects on.

It is started by path in an interpreter of its own, uses only the standard library and
imports cppickle only when it is told to. Requests and answers are pickles on the
standard streams; what the objects print goes to stderr.
"""

import os
import pickle
import signal
import sys
import traceback

ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without the import of ast


def evaluate(source, scope):
    """Run `source` in `scope`; the value of its last line, if that is an expression."""
    tree = compile(source, "<question>", "exec", ONLY_AST)
    import _ast

    last = tree.body.pop() if isinstance(tree.body[-1], _ast.Expr) else None
    exec(compile(tree, "<question>", "exec"), scope)
    if last is None:
        return None
    return eval(compile(_ast.Expression(last.value), "<question>", "eval"), scope)


def load(scope, name, stream, library, options):
    scope[name] = __import__(library).loads(stream, **options)


def ask(scope, source):
    return evaluate(source, scope)


def dumps(scope, source, protocol):
    return __import__("cppickle").dumps(evaluate(source, scope), protocol)


def run_main(scope, source):
    """Execute `source` in the real ``__main__`` of this process."""
    main = sys.modules["__main__"].__dict__
    exec(compile(source, "<sender>", "exec"), main)
    scope.update((k, v) for k, v in main.items() if not k.startswith("__"))


def live(scope, stories):
    """The answers of each story: loads and questions in a fork of this process."""
    return [in_fork(loads_and_answers, story) for story in stories]


def loads_and_answers(story):
    """Load the streams one after another, and answer the question after each.

    Questions see the last object as ``obj`` and all of them as ``loaded``. An answer is
    a kind and a pickle or a text, as an error must not hide what comes after it.
    """
    scope, answers = {"__name__": "asker", "loaded": []}, []
    for stream, question in story:
        try:
            scope["obj"] = pickle.loads(stream)
            scope["loaded"].append(scope["obj"])
            value = evaluate(question, scope)
            answers.append(("value", pickle.dumps(value)))
        except Exception as error:
            answers.append(("error", f"{type(error).__name__}: {error}"))
    return answers


def in_fork(act, *arguments, seconds=60):
    """What `act` gives in a fork of this process, with its kind: value or error."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        os.close(reading)
        try:
            said = pickle.dumps(("value", act(*arguments)))
        except BaseException:
            said = pickle.dumps(("error", report()))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(said)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    status = os.waitpid(child, 0)[1]
    return pickle.loads(said) if said else ("error", f"died: wait status {status}")


OPERATIONS = {
    "load": load,
    "ask": ask,
    "dumps": dumps,
    "run_main": run_main,
    "live": live,
}


def answer(scope, request):
    operation, *arguments = request
    try:
        return pickle.dumps(("value", OPERATIONS[operation](scope, *arguments)))
    except BaseException as error:
        return pickle.dumps(("error", type(error).__name__, str(error), report()))


def report():
    """The traceback of the current exception, unless that is what is broken."""
    try:
        return traceback.format_exc()
    except Exception as error:
        return f"no traceback: formatting it raised {error!r}"


def serve():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p) != here]
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    scope = {"__name__": "asker"}
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        answers.write(answer(scope, request))
        answers.flush()


if __name__ == "__main__":
    serve()
