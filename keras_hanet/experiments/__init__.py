"""Many runs or many scorings -> one table."""
