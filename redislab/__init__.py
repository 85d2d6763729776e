"""A teaching kit for Redis: a shell that answers as redis-cli does and explains itself."""

__version__ = "0.1.0"
