mkdir -p /run/shop
rm -f /etc/apache2/sites-enabled/000-default.conf
a2enmod -q proxy proxy_http proxy_uwsgi headers
apache2ctl start
