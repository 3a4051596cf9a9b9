"""Paper 3: dSprites (appendix A.7, Figure 6)."""
