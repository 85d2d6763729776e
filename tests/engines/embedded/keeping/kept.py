"""What the tests of kept labs share: a lab on a disk that may be broken, and what a file would give back."""

from __future__ import annotations

from pathlib import Path

from redislab.core.engine import Connection
from redislab.engines.embedded import EmbeddedEngine, upstream

upstream.load()

from redislab.engines.embedded import commands  # noqa: E402
from redislab.engines.embedded.connection import EmbeddedConnection  # noqa: E402
from redislab.engines.embedded.keeping import claim as claims  # noqa: E402
from redislab.engines.embedded.keeping import keeper as keepers  # noqa: E402
from redislab.engines.embedded.keeping.disk import Disk  # noqa: E402
from redislab.engines.embedded.keeping.image import Image  # noqa: E402
from redislab.engines.embedded.lab import Lab  # noqa: E402
from tests.engines.embedded.pictures import Picture, picture  # noqa: E402


class KeptLab:
    """A lab in `home`, from the first line to `close`; `disk` is what stands between it and its file."""

    def __init__(self, home: Path, disk: Disk | None = None, name: str = "default") -> None:
        self.claim = claims.claim(name, {"REDISLAB_HOME": str(home)})
        self.lab = Lab(commands.table())
        self.keeper = keepers.Keeper(self.lab, self.claim, disk)

    @property
    def file(self) -> Path:
        assert self.claim.data is not None
        return self.claim.data

    def connect(self) -> Connection:
        return EmbeddedConnection(self.lab)

    @property
    def picture(self) -> Picture:
        return picture(self.lab)

    def close(self) -> None:
        self.lab.close()
        self.keeper.close()


def kept_engine(home: Path, name: str = "default") -> EmbeddedEngine:
    return EmbeddedEngine(claim=claims.claim(name, {"REDISLAB_HOME": str(home)}))


def picture_of_file(data: bytes) -> Picture:
    """All that would be loaded from a file of these bytes."""
    image, _ = Image.read(data)
    lab = Lab(commands.table())
    image.pour_into(lab)
    return picture(lab)
