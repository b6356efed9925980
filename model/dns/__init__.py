"""DynamoDB's DNS automation as it was before 20 October 2025, and what may protect it. See ``docs/protocol.md``."""

from .endless import endless
from .operator import hands
from .protections import BASE
from .protocol import dns

original = dns.variant("original", meaning="the automation as it was: no protection")
fixed = dns.variant("fixed", BASE, meaning="the automation with the four base protections")

__all__ = ["BASE", "dns", "endless", "fixed", "hands", "original"]
