#!/bin/sh
# All that was read of the shards, as one table.
weft-put table "{\"shards\": $SHARDS, \"by_number\": $BY_NUMBER, \"first\": \"$FIRST\", \"two\": $TWO, \"leader\": \"$LEADER\", \"store\": $STORE}"
