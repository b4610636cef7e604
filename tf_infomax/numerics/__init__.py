"""Mathematics without domain meaning: row blocks, replicas, sampling, random seeds, geometry."""
