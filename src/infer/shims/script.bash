# In bash, for weft infer: notes variables that commands read and nothing has set, and stands in for them.

__infer_note() { printf '{"read":"%s","optional":%s}\n' "$1" "$2" >> "$WEFT_NOTES"; }

# Notes what stands in $1, and gives a value to what has none and no default. WEFT_GIVEN are inputs that have one.
__infer_read() {
  local __infer_rest=$1 __infer_name __infer_after __infer_braces
  while [[ $__infer_rest == *'$'* ]]; do
    __infer_rest=${__infer_rest#*'$'}
    __infer_braces=
    if [[ $__infer_rest == '{'* ]]; then
      __infer_braces=1
      __infer_rest=${__infer_rest#'{'}
      __infer_rest=${__infer_rest#'#'}
    fi
    __infer_name=${__infer_rest%%[^[:alnum:]_]*}
    __infer_after=${__infer_rest#"$__infer_name"}
    case $__infer_name in
      '' | [0-9]* | __infer_* | _) continue ;;
    esac
    if [[ -n ${!__infer_name+set} && " ${WEFT_GIVEN-} " != *" $__infer_name "* ]]; then continue; fi
    if [[ -n $__infer_braces && $__infer_after == :[-+=]* || -n $__infer_braces && $__infer_after == [-+=]* ]]; then
      __infer_note "$__infer_name" true
    else
      __infer_note "$__infer_name" false
      if [[ -z ${!__infer_name+set} ]]; then export "$__infer_name=1"; fi
    fi
  done
}

# Arithmetic names variables without a dollar. What it sets first is not read.
__infer_arithmetic() {
  local IFS=' ' __infer_rest=$1 __infer_part __infer_word
  while [[ $__infer_rest == *'(('* ]]; do
    __infer_rest=${__infer_rest#*'(('}
    __infer_part=${__infer_rest%%'))'*}
    for __infer_word in ${__infer_part//[^[:alnum:]_]/ }; do
      if [[ $__infer_word != [0-9]* && $__infer_part != *"$__infer_word"*([[:space:]])=[^=]* ]]; then
        __infer_read "\$$__infer_word"
      fi
    done
  done
}

# What is quoted singly is no variable; a substitution's own commands are seen when they run.
__infer_see() {
  local __infer_flags=$-
  { set +x; } 2> /dev/null
  local __infer_text=$1 __infer_kept= __infer_char __infer_quoted= __infer_depth=0 __infer_index
  for ((__infer_index = 0; __infer_index < ${#__infer_text}; __infer_index++)); do
    __infer_char=${__infer_text:__infer_index:1}
    if [[ $__infer_quoted == single ]]; then
      if [[ $__infer_char == "'" ]]; then __infer_quoted=; fi
      continue
    fi
    case $__infer_char in
      \\) __infer_index=$((__infer_index + 1)); continue ;;
      "'") if [[ -z $__infer_quoted ]]; then __infer_quoted=single; continue; fi ;;
      '"') if [[ -z $__infer_quoted ]]; then __infer_quoted=double; else __infer_quoted=; fi ;;
      '(') if [[ $__infer_depth != 0 || ${__infer_text:__infer_index-1:1} == '$' && ${__infer_text:__infer_index+1:1} != '(' ]]; then __infer_depth=$((__infer_depth + 1)); fi ;;
      ')') if [[ $__infer_depth != 0 ]]; then __infer_depth=$((__infer_depth - 1)); fi ;;
    esac
    if [[ $__infer_depth == 0 ]]; then __infer_kept+=$__infer_char; fi
  done
  __infer_read "$__infer_kept"
  __infer_arithmetic "$__infer_kept"
  if [[ $__infer_flags == *x* ]]; then set -x; fi
}

__infer_read "${WEFT_EARLY-}"
unset WEFT_EARLY
set -T
trap '__infer_see "$BASH_COMMAND" "$_"' DEBUG
