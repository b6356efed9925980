"""The data that every engine returns and every report reads. Start with ``report``."""
