"""Run reproductions and their remedies, and print what they print as JSON.

A program of its own, so that many scripts share one import of a framework. Its arguments are
`'{"name": ["script", "remedy"]}' [tf_keras]`. The remedy goes on where its script has ended. With
`tf_keras`, that is what `keras` means in a script.
"""

import contextlib
import io
import json
import linecache
import sys
import types


def printed(source: str, name: str, namespace: dict) -> str:
    """Run a source and return what it prints, or what it raised."""
    # tf.data reads the source of the functions it is given.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(source, name, "exec"), namespace)
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    return out.getvalue()


def run(script: str, remedy: str, name: str, keras: str) -> list[str]:
    """Run a script and its remedy, without the seed that one before it may have set."""
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(None)
    # A module, for what a script gives to processes of its own is found there by its name.
    sys.modules["__main__"] = types.ModuleType("__main__")
    namespace = vars(sys.modules["__main__"])
    script = script.replace("import keras\n", f"import {keras} as keras\n")
    return [printed(script, f"{name}.py", namespace), printed(remedy, f"{name}.md", namespace)]


if __name__ == "__main__":
    keras = sys.argv[2] if len(sys.argv) > 2 else "keras"
    sources = json.loads(sys.argv[1])
    print(json.dumps({name: run(*both, name, keras) for name, both in sources.items()}))
