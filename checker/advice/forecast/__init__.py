"""How large a search will be and what makes it large, estimated before the search."""
