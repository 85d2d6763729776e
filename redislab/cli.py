def main() -> int:
    raise SystemExit
