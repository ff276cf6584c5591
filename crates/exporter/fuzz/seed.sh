#!/usr/bin/env bash
# Writes answers to begin with: seed.sh CORPUS. The first byte is the size of the pieces.
set -euo pipefail
mkdir -p "$1/export_lines" "$1/remote_read"
line='{"metric":{"__name__":"up","job":"a\"\\\u003cb"},"values":[1,null,"Infinity",-0.5e-7],"timestamps":[1,2,-3,1700000000000]}'
printf '\007%s\n' "$line" >"$1/export_lines/one"
printf '\003%s\n%s\n' "$line" '{"metric":{},"values":[],"timestamps":[]}' >"$1/export_lines/two"
# A series with one chunk of two floats; a chunk alone.
printf '\007\012\046\012\016\012\010__name__\022\002up\022\024\030\001\042\020\000\002\002\077\360\000\000\000\000\000\000\001\000\000\000\000' >"$1/remote_read/message"
printf '\007\000\002\002\077\360\000\000\000\000\000\000\001\000' >"$1/remote_read/chunk"
