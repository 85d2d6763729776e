"""The secrets of a class: for each student the token of the Jupyter and the password of the Redis.

Each is 160 random bits in 32 letters that can be typed from paper. A Redis is given the SHA-256 of its
password: of so many random bits that tells nothing, so the file may be read by whatever user its container
runs as.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

FOLDER = "tokens"
RANDOM_BYTES = 20
_TOKEN = re.compile(r"[a-z2-7]{32}")


@dataclass(frozen=True)
class Secrets:
    """One student's. `jupyter` opens the browser's page, `redis` is the password of the default user."""

    jupyter: str
    redis: str

    def files(self, key: str) -> dict[str, str]:
        """By path in the class's folder. No newline: a token is all that is in its file."""
        return {jupyter_file(key): self.jupyter, redis_file(key): self.redis}


def jupyter_file(key: str) -> str:
    return f"{FOLDER}/{key}.jupyter"


def redis_file(key: str) -> str:
    return f"{FOLDER}/{key}.redis"


def kept_or_new(folder: Path, key: str) -> Secrets:
    """The student's secrets: those that the folder has, new ones for what it has not."""
    files = (folder / jupyter_file(key), folder / redis_file(key))
    return Secrets(*(kept_token(file) or new_token() for file in files))


def password_hash(password: str) -> str:
    """As Redis wants it behind `#` in a user's rules."""
    return hashlib.sha256(password.encode()).hexdigest()


def new_token() -> str:
    """160 random bits."""
    return base64.b32encode(secrets.token_bytes(RANDOM_BYTES)).decode().lower()


def kept_token(path: Path) -> str:
    """The token in a file; "" where there is none, or something else is in it."""
    try:
        text = path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
    return text if _TOKEN.fullmatch(text) else ""
