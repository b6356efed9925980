"""The checks of a repository: ``[tool.planrace]`` in its ``pyproject.toml``, and the files to begin with."""
