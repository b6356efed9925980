"""Chaos: Planner, Enactors, resolvers and a name server as processes that are delayed, killed and restarted."""
