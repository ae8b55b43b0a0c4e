"""The far end: a script that loads streams, answers questions and passes objects on.

It is started by path in an interpreter of its own, uses only the standard library and
imports cppickle only when it is told to. Requests and answers are pickles on the
standard streams; what the objects print goes to stderr.
"""

import os
import pickle
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


OPERATIONS = {"load": load, "ask": ask, "dumps": dumps, "run_main": run_main}


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
