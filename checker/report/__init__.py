"""Reports for people and for programs. They know results, and no engine."""
