#!/bin/sh
# Stands for a database: what it was told decides on its port.
test -n "$SITE_KEY" && test "$DATABASE" = catalogue || exit 1
weft-put port 3306
