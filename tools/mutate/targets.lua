-- Which specs concern which files; see tools/mutate.sh.
--   { files = for git ls-files, specs = for tools/spec.sh }
local faults = "spec/faults/wire_spec.lua spec/faults/answer_spec.lua spec/faults/transport_spec.lua "

return {
  { files = "src/wire/verdict.c", specs = faults .. "spec/faults/tls_spec.lua spec/calls/retry_spec.lua" },
  { files = "src/wire/exchange.c", specs = faults .. "spec/faults/tls_spec.lua spec/calls/options_spec.lua" },
}
