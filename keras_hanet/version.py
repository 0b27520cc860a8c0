"""What every page says of the package: its version and the limits of its use, written here and nowhere else."""

__version__ = "0.1.0"
INTENDED_USE = "Research use only, not a medical device."
