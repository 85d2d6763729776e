"""Values in the format of DUMP and RESTORE: RDB version 10, as Redis 7.0 writes and reads it.

    codec      numbers, lengths, strings, checksum: `Reader`, `Writer`, `sealed`, `opened`
    packs      the pieces of memory that hold small values: listpack, ziplist, intset
    values     a value → bytes and back
    streams    the same for streams

What is read may be anything: whatever is wrong raises `BadData`, and nothing takes more memory or time
than its length warrants. What is written is the plain form of each type, which Redis packs itself.
"""

from redislab.engines.embedded.rdb.codec import BadData, Reader, Writer, opened, sealed
from redislab.engines.embedded.rdb.values import dumped, restored

__all__ = ["BadData", "Reader", "Writer", "dumped", "opened", "restored", "sealed"]
