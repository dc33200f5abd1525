"""What manage.py gets by `highball` in INSTALLED_APPS."""
