"""Models: the language that protocols are written in, and the protocols of ours."""
