"""Tests of planrace."""
