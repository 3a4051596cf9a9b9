"""How figures and tables look, in all papers alike."""
