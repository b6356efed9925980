"""Mapping files: how the lines of a log become records (``docs/conform.md``)."""
