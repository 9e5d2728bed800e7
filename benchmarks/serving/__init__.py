"""The service against pygeoapi and tipg: CPU time of the server for one request."""
