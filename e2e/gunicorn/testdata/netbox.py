# What a site has that is installed below /opt, behind nginx on the same machine.
bind = "127.0.0.1:0"
workers = 2
threads = 3
timeout = 120
max_requests = 5000
max_requests_jitter = 500
