"""Facts and texts: data, not code."""
