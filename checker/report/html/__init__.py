"""Reports as HTML: the page of a report, and the output in notebooks."""
