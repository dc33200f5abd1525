mkdir -p /run/shop
