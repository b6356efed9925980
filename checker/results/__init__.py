"""The words that every engine answers in and every report reads: pure data. Start with ``report``."""
