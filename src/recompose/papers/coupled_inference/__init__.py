"""Paper 1: coupled inference in diffusion models for semantic decomposition (Yeung, Zakeri, Zou, Imani, 2026)."""
