"""The ways in: HTTP (`api.http`) and the command line (`api.commands`)."""
