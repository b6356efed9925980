"""One request, from its protocol to its report: choose the engine, search, explain."""
