"""A persistent list of tasks."""
