from shop import app
from werkzeug.serving import run_simple

run_simple("127.0.0.1", 8000, app, use_reloader=True, use_debugger=True)
