"""What each word of a command line is, what may come next, and the first word that is wrong.

One parse serves highlighting, completion and explanations. The syntax is the catalogue's; where a server
reads lines otherwise than it describes them, `rules` says so. A line that a server accepts is never wrong.
"""

from redislab.core.grammar.matching import Expected, Match, Place, Wrong, match

__all__ = ["Expected", "Match", "Place", "Wrong", "match"]
