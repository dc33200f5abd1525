# A Django project of the size that one machine serves.
bind = "127.0.0.1:@PORT@"
workers = 2
threads = 3
timeout = 120
max_requests = 5000
max_requests_jitter = 500
pidfile = "gunicorn.pid"
accesslog = "access.log"
errorlog = "error.log"
