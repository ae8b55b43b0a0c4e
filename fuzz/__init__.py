"""Programs that look for faults with random input. They run from the top folder."""
