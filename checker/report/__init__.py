"""Reports for people and programs. They depend on results, not on engines."""
