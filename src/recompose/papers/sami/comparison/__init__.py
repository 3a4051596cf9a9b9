"""Paper 3: SAMI beside its baselines on faces (Table 2, Figure 3H)."""
