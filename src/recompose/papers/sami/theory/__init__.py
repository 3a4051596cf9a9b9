"""Paper 3: appendix B."""
