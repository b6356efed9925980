"""The DNS automation as ordinary code, and zones to run it on. Needs dnspython: the extra ``dns``.

Nothing outside this package imports it at the top of a module, so planrace works without dnspython.
"""

from __future__ import annotations

from importlib.util import find_spec

from planrace.checker.results.extras import install_command
from planrace.model.language import ModelError

if find_spec("dns") is None or find_spec("dns.update") is None:  # another package may be called dns
    raise ModelError("dnspython is not installed", remedy=install_command("dns"))
