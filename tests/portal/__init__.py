"""The portal: who gets in, what they see, what they may change, and that nobody learns anything else."""
