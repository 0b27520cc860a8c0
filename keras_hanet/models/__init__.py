"""Networks: encoders, HA-Net and its configuration."""
