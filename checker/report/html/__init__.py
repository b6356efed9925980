"""The page of a report, and what notebooks show."""
