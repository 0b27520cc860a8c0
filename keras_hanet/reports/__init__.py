"""Reports for a reader: what a document is made of, its charts, and the pages of an evaluation and of a leak search."""
