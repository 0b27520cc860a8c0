"""Archives: the inputs in shards, each shard a Parquet file, on one machine or on a Ray cluster."""
