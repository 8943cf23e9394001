set -eu
echo "tickets: $TICKETS; fish: $FISH"
weft-put seen "$TICKETS; fish: $FISH"
