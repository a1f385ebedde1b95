std = "lua54"
codes = true
max_line_length = 100
max_cyclomatic_complexity = 12
include_files = {
  "lua/**/*.lua", "spec/**/*.lua", "examples/**/*.lua", "bench/**/*.lua", "tools/**/*.lua",
  "fuzz/**/*.lua",
  "*.rockspec", ".luacheckrc", ".busted",
}
files["spec"] = { std = "+busted" }
files["fuzz"] = { read_globals = { "server" } } -- fuzz/answer.c's
files["tools/coverage/watch.lua"] = { ignore = { "122" } }
files["lua/coffer/types.lua"] = { ignore = { "211", "212" }, max_line_length = false }
files["tools/types_template.lua"] = { ignore = { "211", "212" } }
files["*.rockspec"] = { std = "+rockspec" }
files[".luacheckrc"] = { std = "+luacheckrc" }
