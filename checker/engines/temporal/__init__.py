"""Liveness and recoverability, decided on the complete state graph."""
