"""The fix lab: which protections suffice, which do not, and why."""
