"""What stands between Snakemake and the package: provenance, records, locks, the cluster, restoring."""
