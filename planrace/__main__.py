"""``python -m planrace`` is the command ``check``."""

from planrace.checker.cli import main

main()
