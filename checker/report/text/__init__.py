"""Reports as text, plain or with the colours of a terminal."""
