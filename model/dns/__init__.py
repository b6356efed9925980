"""DynamoDB's DNS automation as it was before 20 October 2025, and what may protect it. See ``docs/protocol.md``."""

from planrace.model.dns.endless import endless
from planrace.model.dns.operator import back, hands
from planrace.model.dns.plausible_locks import PLAUSIBLE
from planrace.model.dns.protections import BASE
from planrace.model.dns.protocol import dns

original = dns.variant("original", meaning="the automation as it was: no protection")
fixed = dns.variant("fixed", BASE, meaning="the automation with the four base protections")

__all__ = ["BASE", "PLAUSIBLE", "back", "dns", "endless", "fixed", "hands", "original"]
