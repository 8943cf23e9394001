#!/bin/sh
# Installs the database: its password is made here and known to nobody before.
set -eu
umask 077
od -An -N16 -tx1 /dev/urandom | tr -d ' \n' > password
cp password "$heat_outputs_path.password"
printf 'db://%s/%s' "$(hostname)" "$database_name" > "$heat_outputs_path.connection"
