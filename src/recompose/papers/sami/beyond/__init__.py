"""Paper 3: a variant beside the paper's SAMI."""
