"""Protocols in the languages of other checkers, and what these say about them."""
