"""Replies and views → output. `plain` is redis-cli's; `terminal` is the only place that knows rich."""
