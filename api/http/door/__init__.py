"""The planner's page: drop files, confirm what was recognised, audit, read, compare.

Server-rendered HTML over the jobs and the store of a workspace.
"""
