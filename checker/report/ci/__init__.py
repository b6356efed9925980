"""Reports for continuous integration: JUnit, SARIF, annotations and summaries of GitHub."""
