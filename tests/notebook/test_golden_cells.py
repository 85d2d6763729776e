"""What cells display: the text, and below it the HTML without its styles.

After a change that is meant, REDISLAB_WRITE_GOLDEN=1 writes the files anew; the diff is what is reviewed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from redislab.notebook import streaming
from tests.notebook.notebooks import Notebook
from tests.render.pages import Page

FOLDER = Path(__file__).parent / "golden_cells"

CELLS: dict[str, str] = {
    "values": "SET name ada\nINCR n\nGET nothing\nGET name\nECHO '<b>&\"'",
    "aggregates": "RPUSH l a b\nLRANGE l 0 -1\nHSET h f 1 g 2\nHGETALL h\nLRANGE none 0 -1\nZADD z 1 x 2 y\n"
    "ZRANGE z 0 -1 WITHSCORES\nCOMMAND GETKEYSANDFLAGS SET a 1",
    "resp3": "HELLO 3\nHSET h f 1\nHGETALL h\nSADD s a\nSMEMBERS s\nZADD z 1.5 x\nZSCORE z x",
    "errors": "SET a 1\nLPUSH a x\nGETT a\nSET a 1 EXX 5\nGET 'a",
    "transaction": "SET a 1\nMULTI\nINCR a\nLPUSH a x\nEXEC",
    "two-clients": "B: SUBSCRIBE news\nPUBLISH news hi\nBLPOP q 0\nB: UNSUBSCRIBE\nB: RPUSH q job",
    "password": "CONFIG SET requirepass secret\nAUTH wrong",
    "help": "HELP GET",
}


@pytest.mark.parametrize("name", CELLS)
def test_the_cell_displays_what_it_did(
    notebook: Notebook, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "SHOW_EVERY_S", 1e6)  # one display, however slow the machine
    ran = notebook.run(f"%%redis\n{CELLS[name]}")
    assert ran.error is None
    html = re.sub(r' style="[^"]*"', "", ran.html)  # how it looks is seen in a browser
    Page(html)
    found = f"{ran.text}\n\n{html}\n".replace("><", ">\n<")
    path = FOLDER / f"{name}.txt"
    if os.environ.get("REDISLAB_WRITE_GOLDEN"):
        path.write_text(found, "utf-8")
    assert found == path.read_text("utf-8")
