"""The sheet for a class: for each student a slip with name, link and token, to be printed and cut.

One HTML file that loads nothing from anywhere. Names are data: escaped, and isolated where they run right to
left.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class Slip(NamedTuple):
    """What one student gets: a token, and where to use it: at `address` in a browser, or after `command`.

    `login` is the user's name, where the address asks for one.
    """

    name: str
    token: str
    address: str = ""
    login: str = ""
    command: str = ""


_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>Redis class: links</title>
<style>
:root {{ color-scheme: light dark; }}
html {{ background: Canvas; color: CanvasText; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }}
li {{ list-style: none; border-top: 1px dashed; padding: 0.75rem 0; break-inside: avoid; }}
ol {{ padding: 0; }}
h2 {{ font-size: 1.1rem; margin: 0; }}
p {{ margin: 0.25rem 0; }}
code {{ font-size: 1.05rem; overflow-wrap: anywhere; }}
@media print {{ .teacher {{ display: none; }} body {{ margin: 0; max-width: none; }} }}
</style>
</head>
<body>
<main>
<h1>Redis class</h1>
<p class="teacher">{count}. Each slip is for one student: whoever has its token can do all that the student
can. This note is not printed.</p>
<ol>
{slips}
</ol>
</main>
</body>
</html>
"""
_SLIP = """\
<li>
<h2><bdi>{name}</bdi></h2>
<p>{way}</p>
<p>Token: <code>{token}</code></p>
</li>"""


def handout(slips: Sequence[Slip]) -> str:
    """The page, in the roster's order."""
    count = "1 student" if len(slips) == 1 else f"{len(slips)} students"
    return _PAGE.format(count=count, slips="\n".join(map(_slip, slips)))


def _slip(slip: Slip) -> str:
    return _SLIP.format(name=escape(slip.name), token=escape(slip.token), way=_way(slip))


def _way(slip: Slip) -> str:
    if slip.command:
        return f"Run <code>{escape(slip.command)}</code>"
    link = slip.address if slip.login else f"{slip.address}?token={slip.token}"
    login = f" and sign in as <code>{escape(slip.login)}</code>" if slip.login else ""
    return f'Open <a href="{escape(link)}">{escape(slip.address)}</a>{login}'
