"""The HTTP service: an OGC API over the outputs of an audit.

`create_app` makes the application, `serve` runs it. The only room that knows FastAPI.
"""

from api.http.app import create_app, serve
from api.http.problems import RequestError
from api.http.settings import Settings

__all__ = ["RequestError", "Settings", "create_app", "serve"]
