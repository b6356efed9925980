"""What an author may have overlooked in a model, and how large a search will be."""
