"""`python -m redislab`: the same as the `redislab` command."""

import sys

from redislab.cli import main

sys.exit(main())
