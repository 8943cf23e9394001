# In bash, by BASH_ENV: gives each declared input its variable right before the command that first names it.
# WEFT_LAZY has their names, WEFT_LAZY_FIRST those that stand where no trap comes in time.

__weft_give() {
  local __weft_value
  if __weft_ask "$1"; then return; fi
  # The x keeps newlines at the end. Nothing at all: there is no value, and the variable stays unset.
  __weft_value=$(weft-get "$1" && printf x) || __weft_fail
  __weft_value=${__weft_value%x}
  if [[ -n $__weft_value ]]; then export "$1=${__weft_value%$'\n'}"; fi
}

# By bash alone, as starting a program takes longer. Where that fails, for whatever reason, weft-get reads, or says why it cannot.
__weft_ask() {
  # So that lengths are bytes.
  local LC_ALL=C __weft_socket __weft_length __weft_status=1
  if [[ -z ${WEFT_PORT-} ]]; then return 1; fi
  { command exec {__weft_socket}<> "/dev/tcp/127.0.0.1/${WEFT_PORT%% *}"; } 2> /dev/null || return 1
  if printf '%s %s\n' "${WEFT_PORT#* }" "$1" >&"$__weft_socket" && IFS= read -r -u "$__weft_socket" __weft_length; then
    case $__weft_length in
      -) __weft_status=0 ;;
      0) export "$1=" && __weft_status=0 ;;
      *) IFS= read -r -N "$__weft_length" -u "$__weft_socket" __weft_value && export "$1=$__weft_value" && __weft_status=0 ;;
    esac
  fi
  exec {__weft_socket}>&-
  return "$__weft_status"
}

# A subshell's end would not be the script's.
__weft_fail() {
  if [[ ${BASHPID-$$} != "$$" ]]; then kill -TERM $$; fi
  exit 1
}

__weft_see() {
  # What is fetched is not for the trace: it may be a secret.
  local __weft_flags=$-
  { set +x; } 2> /dev/null
  local __weft_index __weft_name
  for __weft_index in "${!__weft_left[@]}"; do
    __weft_name=${__weft_left[__weft_index]}
    if [[ " $BASH_COMMAND " == *[^0-9A-Za-z_]"$__weft_name"[^0-9A-Za-z_]* ]]; then
      unset "__weft_left[$__weft_index]"
      __weft_give "$__weft_name"
    fi
  done
  if [[ ${#__weft_left[@]} == 0 ]]; then trap - DEBUG; fi
  if [[ $__weft_flags == *x* ]]; then set -x; fi
}

__weft_begin() {
  local IFS=' ' __weft_name
  # In the outermost shell: a variable of the vm that has an input's name is not the input.
  if [[ -z ${WEFT_LAZY_BEGUN-} ]]; then
    export WEFT_LAZY_BEGUN=1
    for __weft_name in $WEFT_LAZY; do unset "$__weft_name"; done
    for __weft_name in $WEFT_LAZY_FIRST; do __weft_give "$__weft_name"; done
  fi
  # A shell below has what shells above have fetched.
  __weft_left=()
  for __weft_name in $WEFT_LAZY; do
    if [[ -z ${!__weft_name+set} ]]; then __weft_left+=("$__weft_name"); fi
  done
}

__weft_begin
if [[ ${#__weft_left[@]} != 0 ]]; then
  set -T
  trap '__weft_see "$_"' DEBUG
fi
