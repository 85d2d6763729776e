"""Loads fakeredis. It wants lupa even where no script is run; without lupa it is given an empty one.

Upstream (2.40.0): `commands_mixins/scripting_mixin.py` imports lupa at its top, so that `import fakeredis`
fails where lupa has no wheel. Our scripts do not go through it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import ModuleType

from redislab.engines.embedded import clock

_NAMES = ("lupa", "lupa.lua51")


def load() -> None:
    """Import fakeredis, whether lupa is there or not."""
    missing = "lupa" not in sys.modules and importlib.util.find_spec("lupa") is None
    with _stand_in() if missing else nullcontext():
        import fakeredis  # noqa: F401
    clock.put_in_place()


@contextmanager
def _stand_in() -> Iterator[None]:
    """Modules by the names that fakeredis imports, gone again afterwards."""
    modules = [ModuleType(name) for name in _NAMES]
    modules[0].allow_lua_module_loading = nullcontext  # type: ignore[attr-defined]
    modules[0].__path__ = []
    sys.modules.update(zip(_NAMES, modules, strict=True))
    try:
        yield
    finally:
        for name in _NAMES:
            del sys.modules[name]
