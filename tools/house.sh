#!/bin/sh
# Whether the house is in order: who may name a provider, who may include and
# require whom, and how long a function may be. Prints what is not as it has to
# be, each with its file and line.
set -u
cd "$(dirname "$0")/.." || exit 1

# What requires what in lua/coffer: only what stands on a line further down. Each
# also loads the core. The sandbox is a program of its own.
order='
init
helpers/show
client
helpers/ensure/init helpers/ensure
helpers/ensure/many
helpers/ensure/look helpers/ensure/create
helpers/ensure/runs
helpers/ensure/outcome
helpers/ensure/comparing helpers/ensure/turns
helpers/ensure/alike
helpers/pages helpers/wait helpers/request helpers/log
resources
map
loop/luv loop/cqueues loop/hub
loop/callbacks drive
call
answer credentials retry
error_body pace guarded options
providers/*
failure scheduler
hint interrupted progress
values/kinds values/nearest
values/*
need
'
# What may look upward all the same, for it loads the other when it is asked for:
# the wait of a resource.
exceptions='resources:helpers/wait'

# Which folder of src includes from which; wire/buffer alone where that is said.
arrows='
binding: binding wire json model providers version
providers: model
json: json wire/buffer
wire: wire
model: model
sandbox: sandbox wire/buffer
'

max=45

status=0
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

# Runs a check, which prints what is wrong.
check() {
  "$2" >"$found"
  if [ -s "$found" ]; then
    printf '%s:\n' "$1"
    sed 's/^/  /' "$found"
    status=1
  fi
}

lua_files() {
  find lua/coffer -name '*.lua' -not -path 'lua/coffer/sandbox/*' \
    -not -name types.lua | sort
}

providers=$(find src/providers -name '*.c' -exec basename {} .c \; | sort)
if [ -z "$providers" ]; then
  echo "no provider was found in src/providers"
  exit 1
fi

names_of_providers() {
  words=$(echo "$providers" | paste -sd '|' -)
  { find src -name '*.[ch]' -not -path 'src/providers/*'; lua_files; } |
    grep -v '^lua/coffer/providers/' | xargs grep -nwiE "$words"
  for name in $providers; do
    others=$(echo "$providers" | grep -vx "$name" | paste -sd '|' -)
    if [ -n "$others" ]; then
      grep -nwiHE "$others" "src/providers/$name.c" "lua/coffer/providers/$name.lua"
    fi
  done
}

headers_of_lua() {
  grep -rnE '#include *[<"](lua|lauxlib|lualib|luaconf)\.h' src/wire src/json src/model src/providers
}

includes() {
  find src -path 'src/*/*.[ch]' -print0 | xargs -0 grep -noE '^#include "[^"]+"' |
    awk -v arrows="$arrows" '
      BEGIN {
        count = split(arrows, lines, "\n")
        for (i = 1; i <= count; i++)
          if (split(lines[i], words, /:? +/) > 1)
            for (j = 2; j in words; j++) may[words[1] " " words[j]] = 1
      }
      {
        split($0, part, ":"); split(part[1], path, "/"); split($0, quoted, "\"")
        header = quoted[2]; folder = header
        if (header == "provider_list.h") next # of the build
        sub(/\/.*/, "", folder); sub(/\.h$/, "", header)
        if (!((path[2] " " folder) in may || (path[2] " " header) in may))
          print part[1] ":" part[2] ": includes " quoted[2]
      }'
}

requires() {
  lua_files | xargs grep -nE '(require|need|of)[( ]*"coffer\.' | grep -vE '^[^:]*:[0-9]*: *--' |
    awk -v order="$order" -v exceptions="$exceptions" '
      BEGIN {
        count = split(order, lines, "\n")
        for (i = 1; i <= count; i++) {
          names = split(lines[i], words, " ")
          for (j = 1; j <= names; j++) rank[words[j]] = i
        }
        count = split(exceptions, words, " ")
        for (i = 1; i <= count; i++) is_fine[words[i]] = 1
      }
      function rank_of(name, folder) {
        folder = name; sub(/\/[^\/]*$/, "/*", folder)
        if (name in rank) return rank[name]
        if (folder in rank) return rank[folder]
        if (name == "loop/") return rank["loop/luv"]
        return 0
      }
      {
        split($0, part, ":")
        me = part[1]; sub(/^lua\/coffer\//, "", me); sub(/\.lua$/, "", me)
        rest = $0
        while (match(rest, /(require|need|of)[( ]*"coffer\.[^"]*"/)) {
          other = substr(rest, RSTART, RLENGTH); rest = substr(rest, RSTART + RLENGTH)
          sub(/^[^"]*"coffer\./, "", other); sub(/"$/, "", other); gsub(/\./, "/", other)
          if (other == "core" || other ~ /^sandbox/ || (me ":" other) in is_fine) continue
          where = part[1] ":" part[2] ": "
          if (!rank_of(me)) print where me " has no place in the order"
          else if (!rank_of(other)) print where other " has no place in the order"
          else if (rank_of(other) <= rank_of(me)) print where "requires " other
        }
      }'
}

# A function of C ends with a brace at the beginning of a line, as it begins.
long_in_c() {
  find src -name '*.c' -exec awk -v most="$max" '
    /^[a-zA-Z].*\(/ { first = FNR; head = $0 }
    /^\{/ { in_body = 1 }
    /^\}/ {
      if (in_body && FNR - first + 1 > most)
        print FILENAME ":" first ": " FNR - first + 1 " lines: " head
      in_body = 0
    }' {} +
}

# One of Lua ends with an `end` that stands as far to the right as its line.
long_in_lua() {
  lua_files | xargs awk -v most="$max" '
    FNR == 1 { depth = 0 }
    {
      indent = match($0, /[^ ]/) - 1
      while (depth && indent >= 0 && indent <= at[depth] && FNR > first[depth]) {
        if (FNR - first[depth] + 1 > most)
          print FILENAME ":" first[depth] ": " FNR - first[depth] + 1 " lines: " head[depth]
        depth--
      }
    }
    /function[ (]/ && !/^ *--/ && !/end[,)} ]*$/ {
      depth++; first[depth] = FNR; at[depth] = indent; head[depth] = $0
    }'
}

check "only its own two files name a provider" names_of_providers
check "plain C includes no header of Lua's" headers_of_lua
check "an include follows the arrows" includes
check "what is required stands further down in the order" requires
check "a function of C has $max lines at the most" long_in_c
check "a function of Lua has $max lines at the most" long_in_lua
exit "$status"
