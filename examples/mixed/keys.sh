set -eu
weft-put port 3306
od -An -N12 -tx1 /dev/urandom | tr -d ' \n' | weft-put password -
