"""The reference documentation: one static page of a document."""
