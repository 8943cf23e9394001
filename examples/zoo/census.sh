set -eu
weft-put animals '{"lions": 2, "owls": 3, "snakes": 1}'
od -An -N12 -tx1 /dev/urandom | tr -d ' \n' | weft-put password -
