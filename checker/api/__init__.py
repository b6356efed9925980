"""The Python API; the command and the pytest plugin use it, too."""
