"""The calls that Python code makes; the command and the pytest plugin go through them."""
