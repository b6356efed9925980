"""Tests of checker/imports."""
