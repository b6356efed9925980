"""Zones behind the API of Amazon Route 53, and a mock of it. Needs boto3: the extra ``route53``."""

from __future__ import annotations

from importlib.util import find_spec

from planrace.checker.results.extras import install_command
from planrace.model.language import ModelError

if find_spec("boto3") is None:
    raise ModelError("boto3 is not installed", remedy=install_command("route53"))
