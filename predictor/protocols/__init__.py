"""Foreign protocols, one module each: wire to core, nothing else."""
