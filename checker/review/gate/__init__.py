"""The gate: whether a protocol is established, condition by condition."""
