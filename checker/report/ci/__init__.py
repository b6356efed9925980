"""Reports for continuous integration: JUnit, SARIF, and annotations and summaries for GitHub."""
