"""Paper 3: faces, which stand in for CelebA (section 3, Figures 3, 5 and 7)."""
