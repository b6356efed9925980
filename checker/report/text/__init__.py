"""Reports as text, plain or coloured for a terminal."""
