"""Logs of a running system beside its model: which run of the model do they tell, and where do they leave it?"""
