set -eu
echo "the page says: $PAGE"
weft-put seen "$PAGE"
