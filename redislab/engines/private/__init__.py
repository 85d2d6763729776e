"""A redis-server or valkey-server of our own: started when needed, gone with the process that wanted it.

`programs` finds one, `keeper` is the process that owns it, `engine` is what the rest of redislab sees.
"""

from redislab.engines.private.engine import PrivateEngine

__all__ = ["PrivateEngine"]
