-- Which specs concern which files; see tools/mutate.sh.
--   { files = for git ls-files, specs = for tools/spec.sh }
local function folder(name, ...)
  local specs = {}
  for _, spec in ipairs { ... } do
    specs[#specs + 1] = ("spec/%s/%s_spec.lua"):format(name, spec)
  end
  return table.concat(specs, " ") .. " "
end

local wire = folder("faults", "wire", "answer", "transport")
local reading = folder("calls", "json", "tolerance", "result", "operations")

return {
  { files = "src/wire/verdict.c", specs = wire .. folder("faults", "tls")
    .. folder("calls", "failure", "retry") },
  { files = "src/wire/exchange.c", specs = wire .. folder("faults", "tls", "connection", "reuse")
    .. folder("calls", "options") },
  { files = "src/wire/transfers.c src/wire/pool.c", specs = wire
    .. folder("faults", "connection", "reuse") .. folder("helpers", "map", "loop")
    .. folder("limits", "interpreter", "surroundings") },
  { files = "src/wire/address.c src/wire/headers.c src/wire/retry_after.c",
    specs = folder("calls", "options", "parameters", "retry", "operations")
      .. folder("faults", "transport") .. folder("helpers", "pages") },
  { files = "src/wire/buffer.c src/wire/scrub.c",
    specs = folder("calls", "text", "secret", "failure") .. folder("faults", "secrets", "answer")
      .. folder("limits", "heap") },
  { files = "src/json", specs = reading .. folder("calls", "parameters") },
  { files = "src/binding/read.c", specs = reading .. folder("calls", "kinds", "outside") },
  { files = "src/binding/write.c src/binding/marshal.c", specs =
    folder("calls", "parameters", "json", "operations") .. folder("limits", "size") },
  { files = "src/binding/prepare.c src/binding/re[qs]*.c src/binding/inspect.c",
    specs = folder("calls", "parameters", "operations", "failure", "result", "secret")
      .. folder("helpers", "request") .. folder("limits", "interpreter")
      .. folder("faults", "transport") },
  { files = "src/binding/hand_over.c", specs = folder("faults", "interrupt")
    .. folder("limits", "interpreter", "memory") },
  { files = "src/binding/secret.c", specs = folder("calls", "secret") .. folder("limits", "heap") },
  { files = "src/binding/settings.c", specs = folder("calls", "options", "credentials") },
  { files = "lua/coffer/retry.lua lua/coffer/pace.lua", specs = folder("calls", "retry", "pace") },
  { files = "lua/coffer/call.lua", specs = folder("calls", "retry", "pace", "result")
    .. folder("faults", "interrupt") },
  { files = "lua/coffer/answer.lua lua/coffer/error_body.lua", specs =
    folder("calls", "tolerance", "failure", "operations", "outside") .. "spec/providers "
    .. folder("faults", "answer") },
  { files = "lua/coffer/credentials.lua", specs = folder("calls", "credentials")
    .. folder("faults", "tls") },
  { files = "lua/coffer/options.lua lua/coffer/values/kinds.lua lua/coffer/values/nearest.lua",
    specs = folder("calls", "options", "credentials") .. folder("helpers", "map", "wait", "show")
      .. "spec/documents" },
  { files = "lua/coffer/helpers/ensure", specs = folder("helpers", "ensure", "ensure_many", "turns",
    "alike") },
  { files = "lua/coffer/helpers/pages.lua", specs = folder("helpers", "pages")
    .. folder("calls", "outside") },
  { files = "lua/coffer/helpers/wait.lua", specs = folder("helpers", "wait")
    .. folder("calls", "outside") },
  { files = "lua/coffer/map.lua lua/coffer/scheduler.lua", specs = folder("helpers", "map", "loop")
    .. folder("limits", "interpreter") },
}
