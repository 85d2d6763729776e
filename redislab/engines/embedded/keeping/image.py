"""What a file says that a lab holds: records applied one after the other, away from the lab."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from fakeredis._core import Item

from redislab.engines.embedded.database import Contents
from redislab.engines.embedded.keeping import log, values
from redislab.engines.embedded.keeping.packing import Malformed
from redislab.engines.embedded.keeping.records import Op, Record, unpack

if TYPE_CHECKING:
    from redislab.engines.embedded.lab import Lab

DATABASES = 16


class Image:
    """Databases by number: of each key the item and how Redis would keep it (None: as its value says)."""

    def __init__(self) -> None:
        self._is_torn = False  # a frame was applied in part
        self.dbs: list[dict[bytes, tuple[Any, bytes | None]]] = [{} for _ in range(DATABASES)]
        self.libraries: list[bytes] = []
        self._records = 0

    @classmethod
    def read(cls, data: bytes) -> tuple[Image, log.Contents]:
        """The image of a file, and what of the file is sound. Raises LabUnavailable for a newer format."""
        image = cls()
        contents = log.read(data, image.apply)
        if image._is_torn:  # a frame whose checksum fits made no sense in its middle: all of it is left out
            sound = cls()
            log.read(data[: contents.sound_bytes], sound.apply)
            return sound, contents
        return image, contents

    @property
    def is_mostly_history(self) -> bool:
        """Whether most of the file tells of what is no longer so."""
        return self._records > 1000 + 4 * sum(map(len, self.dbs))

    def apply(self, payload: bytes) -> None:
        """A frame's records. Raises Malformed; then the image is of no use."""
        self._is_torn = True
        for record in unpack(payload):
            self._records += 1
            self._apply(record)
        self._is_torn = False

    def _apply(self, record: Record) -> None:
        op, number, kind, encoding, expireat, key, body = record
        if number >= DATABASES:
            raise Malformed(f"database {number}")
        items = self.dbs[number]
        if op == Op.PUT:
            item: Any = Item(values.read(kind, body))
            item.expireat = expireat
            items[key] = item, encoding
        elif op == Op.CHANGE:
            found = items.get(key)
            if found is None:
                raise Malformed("a change of a key that is not there")
            item = found[0]
            item.value = values.read(kind, body, item.value)
            item.expireat = expireat
            items[key] = item, encoding
        elif op == Op.DELETE:
            items.pop(key, None)
        elif op == Op.EMPTY:
            items.clear()
        elif op == Op.SWAP and kind < DATABASES:
            self.dbs[number], self.dbs[kind] = self.dbs[kind], self.dbs[number]
        elif op == Op.LIBRARIES:
            self.libraries = body.strings()
            body.done()
        else:
            raise Malformed(f"there is no record {op}")

    def pour_into(self, lab: Lab) -> None:
        """Give an empty lab this data, without what has expired meanwhile."""
        now_s = lab.clock.time()
        for number, items in enumerate(self.dbs):
            contents = Contents()
            for key, (item, encoding) in items.items():
                expireat = item.expireat
                if expireat is not None:
                    if expireat < now_s:
                        continue
                    contents.expiry_heap.append((expireat, key))
                contents.items[key] = item
                if encoding is not None:
                    contents.made_by[key] = item.value, encoding
            if contents.items:
                heapq.heapify(contents.expiry_heap)
                lab.dbs[number].put_in(contents)
