"""Reports as JSON, and reading them back."""
