from wsgiref.simple_server import make_server

from shop import app

with make_server("127.0.0.1", 8000, app) as httpd:
    print("Serving on port 8000...", flush=True)
    httpd.serve_forever()
