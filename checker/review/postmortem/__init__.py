"""Post-mortems as data: the facts of an incident in a file, and what a protocol says to them."""
