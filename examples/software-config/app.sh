#!/bin/sh
# Sets the application up with what the database has told.
if [ -z "$password" ]; then
  printf 'no password came for %s' "$connection" > "$heat_outputs_path.problem"
  exit 0
fi
echo "$workers workers for $connection"
printf %s "$password" | sha256sum | cut -d' ' -f1 | tr -d '\n' > "$heat_outputs_path.fingerprint"
