"""One lab and its file: loads it, writes what each unit changed before that is answered, compacts it.

A unit is written before any of its answers can be read, by one write to the operating system: what was
answered survives the end of this process, however it ends. A second thread has it flushed to the disk
within `FLUSH_S`: so much may be lost when the power fails. SAVE, leaving, and compacting flush at once.
"""

from __future__ import annotations

import atexit
import os
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from redislab.engines.embedded.effects import Before, Swapped, Unit
from redislab.engines.embedded.keeping import claim as claims
from redislab.engines.embedded.keeping import log, values
from redislab.engines.embedded.keeping.claim import Claim, reason
from redislab.engines.embedded.keeping.disk import Disk
from redislab.engines.embedded.keeping.image import Image
from redislab.engines.embedded.keeping.packing import Malformed, strings
from redislab.engines.embedded.keeping.records import Op, pack
from redislab.engines.embedded.results import Fail
from redislab.errors import LabUnavailable, UsageError

if TYPE_CHECKING:
    from redislab.engines.embedded.lab import Lab

FLUSH_S = 1.0
RETRY_S = 1.0  # so long after a failed write the next one is refused without trying
SNAPSHOT_FRAME_BYTES = 1 << 18
GROWTH, LEAST_GROWTH_BYTES = 4, 1 << 20  # compacted when so many times as large, and by so much larger


class Keeper:
    """What a lab knows of its file. Everything here happens under the lab's lock.

    `problem`: why nothing can be written just now; None: all is well, or the lab is kept nowhere.
    """

    def __init__(self, lab: Lab, claim: Claim, disk: Disk | None = None) -> None:
        """Load the data into the lab, which is still empty. Raises LabUnavailable."""
        self.claim = claim
        self.problem: str | None = None
        self.saved_s = lab.clock.time()  # when all was last flushed to the disk, since 1970
        self._lab = lab
        self._disk = disk or Disk()
        self._tried_s = 0.0
        self._is_behind = False
        self._process = os.getpid()
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._flusher: threading.Thread | None = None
        image, self._log = self._read()
        image.pour_into(lab)
        if image.libraries:
            self._load_libraries(image.libraries)
        if self._log is not None:
            lab.keeper = self
            lab.settings.keep()
            lab.effects.observe(self._observe)
            atexit.register(self.close)
            if image.is_mostly_history:
                self.compact()

    @property
    def size(self) -> int:
        """Bytes of the file; 0 where there is none."""
        return self._log.size if self._log is not None else 0

    def save(self) -> None:
        """Make all of it survive a power cut. Raises OSError."""
        if self._log is not None and not self.problem:
            self._log.flush()
            self.saved_s = self._lab.clock.time()

    def compact(self) -> None:
        """Write the file anew, without history.

        Where that fails, the file that was there goes on, and where it cannot, that is a `problem`.
        """
        assert self._log is not None
        self._tried_s = time.monotonic()
        try:
            self._log.rewrite(snapshot(self._lab))
        except (OSError, Malformed, struct.error) as error:
            self._log.snapshot_bytes = self._log.size  # the next try when it has grown again
            if not self._log.is_open:
                self._fail(error)
            return
        self.problem = None
        self._is_behind = False
        self.saved_s = self._lab.clock.time()

    def try_again(self) -> None:
        """Write all of it, if the last try is a while ago. Raises Fail while it cannot be written."""
        if self.problem is not None and time.monotonic() - self._tried_s > RETRY_S:
            self.compact()
        if self.problem is not None:
            raise Fail(
                f"MISCONF redislab cannot write this lab to the disk ({self.problem}): "
                "commands that change data are refused until it can"
            )

    def fall_behind(self) -> None:
        """Something was interrupted: what the file says may not be what the lab holds.

        Changes can no longer be told by what they changed; with the next one all is written.
        """
        self._is_behind = True

    def close(self) -> None:
        """Leave the file whole and flushed, and let go of the lab. May be called twice, from any thread."""
        atexit.unregister(self.close)
        self._closing.set()
        self._dirty.set()
        with self._lab.lock:
            if self._log is None or os.getpid() != self._process:  # the latter: a fork, which holds nothing
                return
            if not self.problem and (self._is_behind or self._has_grown(2, SNAPSHOT_FRAME_BYTES)):
                self.compact()
            try:
                self.save()
            except OSError as error:
                self.claim.notices.append(f"The lab may not survive a power cut: {reason(error)}.")
            self._log.close()
            self._log = None
            self.claim.release()

    def write_libraries(self) -> None:
        """The libraries of functions have changed. A failure is a `problem`."""
        if self._log is None or self.problem is not None:
            return
        try:
            self._log.append(_libraries(self._lab))
        except OSError as error:
            self._fail(error)
            return
        self._flush_soon()

    # -- writing --------------------------------------------------------------------------------

    def _observe(self, unit: Unit) -> None:
        """Write what a unit changed. It is not answered where that fails."""
        if self._log is None or self.problem is not None:
            return
        try:
            if self._is_behind:
                self._log.rewrite(snapshot(self._lab))
                self._is_behind = False
            elif payload := b"".join(_records(self._lab, unit)):
                self._log.append(payload)
        except Exception as error:
            self._fail(error)
            return
        except BaseException:  # Ctrl-C
            self.fall_behind()
            raise
        self._flush_soon()
        if self._has_grown(GROWTH, LEAST_GROWTH_BYTES):
            self.compact()

    def _has_grown(self, times: int, least_bytes: int) -> bool:
        assert self._log is not None
        return self._log.size > times * self._log.snapshot_bytes and (
            self._log.size - self._log.snapshot_bytes > least_bytes
        )

    def _fail(self, error: Exception) -> None:
        """What was just done may not be kept, so nobody is told that it is done: as after a crash."""
        self._tried_s = time.monotonic()
        is_new = self.problem is None
        self.problem = reason(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        if is_new:
            self._lab.crash(f"The lab {self.claim.name!r} cannot be written: {self.problem}")

    # -- the disk, from another thread ----------------------------------------------------------

    def _flush_soon(self) -> None:
        if not self._dirty.is_set():
            self._dirty.set()
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_on, name="redislab-flush", daemon=True)
                self._flusher.start()

    def _flush_on(self) -> None:
        while self._dirty.wait() and not self._closing.wait(FLUSH_S):
            with self._lab.lock:
                if self._log is None:
                    return
                self._dirty.clear()
                if self.problem is not None or self._log.is_flushed:
                    continue
                flush = self._log.flush_later()
            try:
                flush()
                self.saved_s = self._lab.clock.time()
            except OSError as error:
                with self._lab.lock:
                    self._fail(error)

    # -- reading --------------------------------------------------------------------------------

    def _read(self) -> tuple[Image, log.Log | None]:
        """What the file holds, and the file where it is ours to write. Raises LabUnavailable."""
        path = self.claim.data
        if path is None:
            return Image(), None
        try:
            data = self._disk.read(path)
        except FileNotFoundError:
            data = b""
        except OSError as error:
            if self.claim.lock is not None:  # else that nothing is kept has been said
                self._give_up(reason(error))
            return Image(), None
        image, contents = Image.read(data)
        return image, self._open(path, contents) if self.claim.lock is not None else None

    def _load_libraries(self, codes: list[bytes]) -> None:
        from redislab.engines.embedded.client import Client
        from redislab.engines.embedded.functions import Library

        functions = self._lab.functions
        client = Client(self._lab, lambda: None)
        try:
            functions.restore(client, codes, b"FLUSH")
        except Fail as fail:  # there is no lupa here: they are kept, and cannot be called
            functions.libraries = {code: Library(code, code) for code in codes}
            why = fail.text.decode("utf-8", "surrogateescape")
            self.claim.notices.append(f"The functions of this lab cannot be called: {why}.")

    def _open(self, path: Path, contents: log.Contents) -> log.Log | None:
        try:
            if contents.damaged:
                aside = log.set_aside(path, contents, self._disk)
                self.claim.notices.append(
                    f"The end of the lab {self.claim.name!r} is damaged: {len(contents.damaged):,} bytes "
                    f"were set aside in {aside}. All before them is here."
                )
            return log.Log(path, contents, self._disk)
        except OSError as error:
            self._give_up(reason(error))
            return None

    def _give_up(self, why: str) -> None:
        self.claim.release()
        self.claim.lock = None
        self.claim.notices.append(
            f"The lab {self.claim.name!r} is not kept: {why}. What you do lasts until the end of this run."
        )


def snapshot(lab: Lab) -> Iterator[bytes]:
    """All keys of a lab, some in each frame. Raises Malformed."""
    frame: list[bytes] = [_libraries(lab)] if lab.functions.libraries else []
    size = 0
    for db in lab.dbs.values():
        for key in db.stored_keys():
            frame.append(_put(lab, db.number, key))
            size += len(frame[-1])
            if size >= SNAPSHOT_FRAME_BYTES:
                yield b"".join(frame)
                frame, size = [], 0
    if frame:
        yield b"".join(frame)


def write_copy(lab: Lab, name: str, environ: Mapping[str, str]) -> int:
    """Write a lab's data into a new lab of that name. Its size in bytes. Raises as `claim` does."""
    claim = claims.claim(name, environ)
    path = claim.data
    try:
        if claim.lock is None or path is None:
            raise LabUnavailable(claim.notices[0])
        if path.exists():
            raise UsageError(f"there is a lab {name!r} already")
        with lab.lock:
            copy = log.Log(path, log.Contents(0, 0, b""), Disk())
            copy.rewrite(snapshot(lab))
        copy.close()
        return copy.size
    except OSError as error:
        raise LabUnavailable(f"the lab {name!r} cannot be written: {reason(error)}") from None
    finally:
        claim.release()


def _records(lab: Lab, unit: Unit) -> Iterator[bytes]:
    """What a unit changed, in records. Raises Malformed."""
    if len(unit.steps) == 1 and isinstance(swapped := unit.steps[0], Swapped):
        yield pack(Op.SWAP, swapped.first, kind=swapped.second)
        return
    for number in sorted(unit.anew):
        yield pack(Op.EMPTY, number)
        for key in lab.dbs[number].stored_keys():
            yield _put(lab, number, key)
    for (number, key), before in unit.keys.items():
        yield _record(lab, number, key, before)


def _record(lab: Lab, number: int, key: bytes, before: Before) -> bytes:
    db = lab.dbs[number]
    item = db.stored(key)
    if item is None or item.value is None:  # the latter: interrupted while it was stored
        return pack(Op.DELETE, number, key)
    value = item.value
    if before.value is None:
        return _put(lab, number, key)
    body = values.change(before.value, value)
    if body is None:
        return _put(lab, number, key)
    return pack(
        Op.CHANGE,
        number,
        key,
        kind=values.number_of(value),
        body=body,
        expireat=item.expireat,
        encoding=db.encoding(key, value),
    )


def _libraries(lab: Lab) -> bytes:
    codes = [library.code for library in lab.functions.libraries.values()]
    return pack(Op.LIBRARIES, 0, body=strings(codes))


def _put(lab: Lab, number: int, key: bytes) -> bytes:
    db = lab.dbs[number]
    item = db.stored(key)
    kind, body = values.whole(item.value)
    encoding = db.encoding(key, item.value)
    return pack(Op.PUT, number, key, kind=kind, body=body, expireat=item.expireat, encoding=encoding)
