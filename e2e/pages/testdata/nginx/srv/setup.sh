mkdir -p /run/shop
rm -f /etc/nginx/sites-enabled/default
nginx
