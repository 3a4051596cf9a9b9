"""Paper 3: encoders on a frozen denoiser (appendix A.5), and videos (Figure 4)."""
