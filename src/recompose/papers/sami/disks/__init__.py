"""Paper 3: disks, whose factors are known (section 3, Figure 2; appendix A.5)."""
