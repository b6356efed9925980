"""Drives a system along its model: drivers, covering tests, replay of runs on a real system."""
