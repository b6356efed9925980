"""What a protocol means: the interpreter, replay, and packed states."""
