-- What else creates wallets: what is installed of it, and how it is started.

local prices = require "bench.prices"

local rivals = {}

rivals.lua = os.getenv "COFFER_LUA" or "lua5.4"

--- How a program of this folder is started.
function rivals.program(name)
  return rivals.lua .. " bench/" .. name
end

local function requires(...)
  return ("%s -e 'for _, name in ipairs { %s } do require(name) end'"):format(rivals.lua,
    ("[[%s]]"):format(table.concat({ ... }, "]], [[")))
end

-- node takes its CA file from the environment alone.
local NODE = [[sh -c 'NODE_EXTRA_CA_CERTS=$2 exec node bench/fetch.mjs "$@"' fetch]]

-- Each is started with URL, CA file and how often; `times` is often enough to measure CPU by. Where
-- it `has_many`, a further argument is how many at once. Instructions are taken where `is_counted`.
local all = {
  { name = "Lua-cURLv3, lua-cjson", start = rivals.program "lua_curl.lua", times = 5000,
    has_many = true, is_counted = true, probe = requires("cURL", "cjson"),
    needs = "Lua-cURLv3 or lua-cjson" },
  { name = "lua-http, lua-cjson", start = rivals.program "lua_http.lua", times = 1000,
    has_many = true, is_counted = true, probe = requires("http.client", "cjson"),
    needs = "lua-http or lua-cjson" },
  { name = "LuaSocket, lua-cjson", start = rivals.program "luasocket.lua", times = 200,
    is_counted = true, probe = requires("ssl.https", "cjson"),
    needs = "lua-socket, lua-sec or lua-cjson" },
  { name = "Python requests", start = "python3 bench/create.py", times = 300, has_many = true,
    probe = "python3 -c 'import requests'", needs = "python3-requests" },
  { name = "node fetch", start = NODE, times = 2000, has_many = true,
    probe = "node -e 'process.exit(typeof fetch === \"function\" ? 0 : 1)'", needs = "node" },
  { name = "curl per call", start = "sh bench/curl.sh", times = 40, probe = "curl --version",
    needs = "curl" },
}

--- Those that are installed. Each of the others is a line of output.
function rivals.installed()
  local list = {}
  for _, rival in ipairs(all) do
    if prices.succeeds(rival.probe) then
      list[#list + 1] = rival
    else
      print(("(%s is left out: no %s)"):format(rival.name, rival.needs))
    end
  end
  return list
end

return rivals
