"""Search on several machines (Ray)."""
