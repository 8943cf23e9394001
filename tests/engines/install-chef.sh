#!/usr/bin/env bash
# Installs the two versions of Chef that the tests run, and Berkshelf, into one folder (default: ~/.cache/weft-chef), from RubyGems, every gem
# in the version that chef-gems.txt names. FOLDER/17 and FOLDER/18 hold chef-client and chef-solo, FOLDER/berks Berkshelf. Needs Ruby 3.1 with its headers, and a C compiler.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$HOME/.cache/weft-chef}
gems=$folder/gems

if ! cmp -s "$here/chef-gems.txt" "$folder/installed.txt"; then
  # The first is what another is built with; then several at a time, for most of it is waiting for the registry.
  install=(gem install --quiet --no-document --ignore-dependencies --install-dir "$gems")
  head -n 1 "$here/chef-gems.txt" | xargs "${install[@]}"
  tail -n +2 "$here/chef-gems.txt" | xargs -n 14 -P 4 "${install[@]}"
fi
# RubyGems' own way of starting a program looks for seconds for versions that go together; most gems are there in one version.
mkdir -p "$folder"
cat > "$folder/start.rb" <<'EOF'
name, version, program = ARGV.shift(3)
gem name, version
load Gem.loaded_specs[name].bin_file(program)
EOF
place() { # FOLDER GEM VERSION PROGRAM
  mkdir -p "$1"
  printf '#!/bin/sh\nGEM_HOME=%s GEM_PATH=%s exec ruby %s %s %s %s "$@"\n' \
    "$gems" "$gems" "$folder/start.rb" "$2" "$3" "$4" > "$1/$4"
  chmod 755 "$1/$4"
}
for version in 17.10.163 18.11.11; do
  for program in chef-client chef-solo; do place "$folder/${version%%.*}" chef-bin "$version" "$program"; done
done
place "$folder/berks" berkshelf 8.1.23 berks
cp "$here/chef-gems.txt" "$folder/installed.txt"
