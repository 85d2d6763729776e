"""Input that nobody types: pipes, one command on the command line, --eval, --scan, --pipe.

What is printed here is redis-cli's, byte for byte; no explanations, no questions.
"""
