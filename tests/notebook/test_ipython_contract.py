"""What is asked of IPython and its kernel beyond a plain magic: an upgrade that moves it fails here."""

from __future__ import annotations

import inspect
import subprocess
import sys

import IPython.core.completer as completer
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelbase import Kernel
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics

from tests.notebook.notebooks import Notebook


def test_an_exception_may_say_what_is_shown_of_it() -> None:
    assert 'hasattr(value, "_render_traceback_")' in inspect.getsource(InteractiveShell.showtraceback)


def test_a_matcher_is_given_the_cell_and_may_keep_the_others_away() -> None:
    known = set(inspect.signature(completer.CompletionContext).parameters)
    assert {"full_text", "cursor_position", "cursor_line"} <= known
    assert {"priority", "identifier"} <= set(inspect.signature(completer.context_matcher).parameters)
    assert "*self.custom_matchers" in inspect.getsource(completer.IPCompleter)
    for key in ("matched_fragment", "suppress", "ordered"):
        assert f'"{key}"' in inspect.getsource(completer.IPCompleter)


def test_a_kernel_is_asked_by_do_inspect_which_an_instance_may_have_of_its_own() -> None:
    assert list(inspect.signature(IPythonKernel.do_inspect).parameters)[:3] == ["self", "code", "cursor_pos"]
    assert "self.do_inspect(" in inspect.getsource(Kernel.inspect_request)


def test_a_shell_knows_its_magics_by_class_and_by_name(notebook: Notebook) -> None:
    manager = notebook.shell.magics_manager
    assert isinstance(manager.registry["RedisMagics"], Magics)
    assert set(manager.registry["RedisMagics"].magics) == {"line", "cell"}
    assert {"redis", "redis_connect"} <= set(manager.magics["line"])
    assert "redis" in manager.magics["cell"]


def test_loading_imports_neither_the_engine_nor_a_screen() -> None:
    program = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_cell("%load_ext redislab")
assert shell.find_cell_magic("redis")
late = {"redis", "fakeredis", "rich", "redislab.assist", "redislab.core.coach", "redislab.notebook.running"}
print(sorted(late & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=True)
    assert done.stdout.split(b"\n")[0] == b"[]"
