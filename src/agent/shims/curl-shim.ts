// weft-get and weft-put in POSIX sh with curl, for vms that have no Perl.

/** Does what perlShim does, in the same words. */
export const curlShim = String.raw`#!/bin/sh
me=${"$"}{0##*/}
case $me in
  weft-get) wanted=1 kind=inputs usage='usage: weft-get NAME
Prints input NAME of this role, waiting until it is there (or the role'"'"'s own output NAME).' ;;
  *) wanted=2 kind=outputs usage='usage: weft-put NAME VALUE
       weft-put NAME -    (the value is standard input, less one final newline)
Writes output NAME of this role.' ;;
esac
fail() { status=$1; shift; printf '%s: %s\n' "$me" "$*" >&2; exit "$status"; }
if [ $# -eq 1 ] && [ "$1" = --help ]; then printf '%s\n' "$usage"; exit 0; fi
if [ $# -ne $wanted ]; then printf '%s\n' "$usage" >&2; exit 2; fi
if [ -z "$WEFT_SOCKET" ] || [ -z "$WEFT_ROLE" ]; then
  fail 4 'WEFT_SOCKET and WEFT_ROLE are not set: this runs inside a role only'
fi
# Every byte as %XX: plain, and right for any name.
part() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'; }
url="http://weft/v1/$(part "$WEFT_ROLE")/$kind/$(part "$1")"

value=$2
# Takes one newline off the end; the x keeps the shell from taking them all.
if [ "$kind" = outputs ] && [ "$value" = - ]; then
  value=$(cat; printf x)
  value=${"$"}{value%x}
  value=${"$"}{value%
}
fi

# The status comes after the body, on a line of its own.
call() { curl -q -s -g --http1.0 --unix-socket "$WEFT_SOCKET" -H 'Accept: text/plain' -w '\n%{http_code}' "$@" "$url"; }
if [ "$kind" = inputs ]; then
  answer=$(call)
else
  answer=$(printf %s "$value" | call -X PUT -H 'Content-Type: text/plain' --data-binary @-)
fi || fail 4 'the agent cannot be reached, or has gone'
status=${"$"}{answer##*
}
text=${"$"}{answer%
*}
case $status in
  200) printf '%s\n' "$text"; exit 0 ;;
  204) exit 0 ;;
  409) code=3 ;;
  410) code=1 ;;
  5??|000) code=4 ;;
  *) code=2 ;;
esac
fail "$code" "${"$"}{text%
}"
`;
