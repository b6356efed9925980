"""The pytest plugin: ``model_check`` in tests, artifacts of failures, budgets, a cache of verdicts.

``docs/pytest.md`` shows how to use it. Pytest loads ``hooks``; nothing else is imported before a test asks for it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
