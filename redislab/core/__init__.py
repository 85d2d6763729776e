"""The language of the lab: words, replies, sessions. Standard library only."""
