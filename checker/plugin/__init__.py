"""The pytest plugin: ``model_check`` in tests, artifacts of what fails, budgets, a cache of verdicts.

``docs/pytest.md`` shows how to use it. What pytest itself loads is ``planrace_pytest``, in ``entry``; nothing
here is imported before a test asks for it.
"""

from planrace.checker.plugin.decorator import checked

__all__ = ["checked"]
