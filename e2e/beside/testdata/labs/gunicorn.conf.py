# A small service that follows its own logging.
import logging

bind = ["127.0.0.1:@PORT@"]
chdir = "."
reload = False
graceful_timeout = 10
limit_request_line = 0
limit_request_fields = 50
proc_name = "labs"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": ["file"]},
    "formatters": {"line": {"format": "%(name)s %(levelname)s %(message)s"}},
    "handlers": {
        "file": {"class": "logging.FileHandler", "filename": "labs.log", "formatter": "line"}
    },
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["file"], "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["file"], "propagate": False},
    },
}
logging.getLogger("labs").debug("the configuration is read")
