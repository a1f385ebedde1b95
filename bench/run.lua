-- Measures and prints the tables of docs/performance.md. Started by tools/bench.sh, which names the
-- work in its arguments: create, many, json, load, connect; none means all.

local authority = require "authority"
local process = require "process"
local workdir = require "workdir"

local LUA = os.getenv "COFFER_LUA" or "lua5.4"
local NGINX = os.getenv "COFFER_NGINX" or "/usr/sbin/nginx"
local BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

local quote = process.quote

-- Running -------------------------------------------------------------------

local function shell(command)
  local pipe = io.popen(command)
  local text = pipe:read "a"
  return pipe:close() and text
end

local function succeeds(command)
  return os.execute(command .. " >/dev/null 2>&1") == true
end

local function numbers(text)
  local list = {}
  for word in (text or ""):gmatch "[%d.]+" do
    list[#list + 1] = tonumber(word)
  end
  return list
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

--- What a command used: { cpu =, wall =, peak = in KiB, said = numbers it printed }.
local function measure(command)
  local said = workdir.file "said"
  local used = numbers(shell(("timeout 300 build/bench/measure %s 2>%s"):format(command,
    quote(said))))
  local text = read(said)
  if not used[3] then
    error(command .. ": " .. text)
  end
  return { cpu = used[1], wall = used[2], peak = used[3], said = numbers(text), text = text }
end

--- Instructions of a whole run.
local function instructions(command)
  local text = shell("timeout 600 valgrind --tool=callgrind --callgrind-out-file=/dev/null "
    .. command .. " 2>&1") or "it failed"
  return tonumber(text:match "Collected : (%d+)") or error(command .. ": " .. text)
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

--- The price of one more, as the difference of two lengths, so that start-up falls out.
local function price(run, short, long, times)
  local prices = {}
  for i = 1, times do
    prices[i] = (run(long) - run(short)) / (long - short)
  end
  return median(prices)
end

-- Printing --------------------------------------------------------------------

local function row(...)
  print("| " .. table.concat({ ... }, " | ") .. " |")
end

local function head(title, ...)
  print("\n### " .. title .. "\n")
  row(...)
  row(table.unpack((function(...)
    local dashes = {}
    for i = 1, select("#", ...) do
      dashes[i] = "---"
    end
    return dashes
  end)(...)))
end

local function skip(who, why)
  print(("(%s is left out: %s)"):format(who, why))
end

-- Bodies --------------------------------------------------------------------

local WALLET = [[{"_embedded":{},"_links":{"_self":{"href":"/wallets/%s","templated":false,]]
  .. [["type":"get"},"delete-wallet":{"href":"/wallets/%s","templated":false,"type":"delete"},]]
  .. [["list-wallet-keys":{"href":"/wallets/%s/keys","templated":false,"type":"get"},]]
  .. [["refresh-wallet":{"href":"/wallets/%s/_refresh","templated":false,"type":"post"}},]]
  .. [["account_native_id":"123456789012","available_version":12,]]
  .. [["clumio_aws_account_id":"210987654321","deployment_url":]]
  .. [["https://console.aws.amazon.com/cloudformation/home?region=us-west-2#/stacks/create/review?]]
  .. [[templateURL=https://clumio-wallets.s3.us-west-2.amazonaws.com/wallet.yaml&stackName=Clumio]]
  .. [[&param_Token=2a7c1f6e-9c40-4b7a-8d52-5a0c5c7e3b11","error_code":"","error_message":"",]]
  .. [["id":"%s","installed_regions":["us-west-2","us-east-1","eu-central-1"],"key_errors":{},]]
  .. [["role_arn":"arn:aws:iam::123456789012:role/clumio/ClumioWalletRole","stack_version":12,]]
  .. [["state":"Enabled","supported_regions":["us-west-2","us-east-1","ca-central-1",]]
  .. [["eu-central-1","ap-southeast-2","eu-west-1","eu-west-2","sa-east-1"],"template_url":]]
  .. [["https://clumio-wallets.s3.us-west-2.amazonaws.com/clumio-wallet-stack-template-v12.yaml",]]
  .. [["token":"2a7c1f6e-9c40-4b7a-8d52-5a0c5c7e3b11"}]]

local function wallet(number)
  local id = ("9c40%04x-1f6e-4b7a-8d52-5a0c5c7e3b11"):format(number)
  return (WALLET:gsub("%%s", id))
end

local function wallets(count)
  local items = {}
  for i = 1, count do
    items[i] = wallet(i)
  end
  return ([[{"_embedded":{"items":[%s]},"_links":{},"current_count":%d,"limit":%d,"start":""}]])
    :format(table.concat(items, ","), count, count)
end

-- Servers -------------------------------------------------------------------

local SETTINGS = [[
daemon off;
master_process off;
pid HERE/pid;
error_log stderr error;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  default_type application/json;
  client_body_temp_path HERE/body;
  proxy_temp_path HERE/proxy;
  fastcgi_temp_path HERE/fastcgi;
  uwsgi_temp_path HERE/uwsgi;
  scgi_temp_path HERE/scgi;
  keepalive_requests 10000000;
  ssl_certificate CERTIFICATE;
  ssl_certificate_key KEY;
  upstream slow { server 127.0.0.1:DELAY; keepalive 1024; keepalive_requests 10000000; }
  server { listen 127.0.0.1:PLAIN; listen 127.0.0.1:TLS ssl; return 200 '%s'; }
  server {
    listen 127.0.0.1:ONCE ssl;
    location / { keepalive_timeout 0; return 200 '%s'; }
  }
  server {
    listen 127.0.0.1:SLOW ssl;
    location / {
      proxy_pass http://slow;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
]]

local function free_ports(names)
  local socket = require "socket"
  local holders, ports = {}, {}
  for _, name in ipairs(names) do
    local holder = assert(socket.bind("127.0.0.1", 0))
    local _, port = holder:getsockname()
    holders[name], ports[name] = holder, math.tointeger(tonumber(port))
  end
  for _, holder in pairs(holders) do
    holder:close()
  end
  return ports
end

local function wait_for(port)
  local socket = require "socket"
  for _ = 1, 400 do
    local peer = socket.connect("127.0.0.1", port)
    if peer then
      peer:close()
      return
    end
    socket.sleep(0.01)
  end
  error "nginx did not start"
end

--- Starts the server of slow answers and nginx; answers URLs and the CA file of all.
local function serve()
  local body = wallet(1)
  local directory = workdir.make_directory "bench"
  local delay = process.start(("timeout 7200 build/bench/delay 50 %s"):format(
    workdir.write("bench/wallet", body)))
  local ports = free_ports { "PLAIN", "TLS", "ONCE", "SLOW" }
  ports.DELAY = assert(delay:line())
  local pair = authority.get().good
  local settings = SETTINGS:gsub("HERE", directory):gsub("CERTIFICATE", pair.certificate)
    :gsub("KEY", pair.key):gsub("%u%u%u%u+", ports):gsub("TLS", ports):gsub("%%s", (body:gsub("%%",
      "%%%%")))
  local path = workdir.write("bench/nginx.conf", settings)
  local child = process.start(("timeout 7200 %s -p %s -c %s 2>%s/log"):format(NGINX, directory,
    path, directory))
  wait_for(ports.SLOW)
  local bundle = read(BUNDLE)
  local function url(name, scheme)
    return ("%s://127.0.0.1:%s"):format(scheme, ports[name])
  end
  return {
    children = { child, delay },
    plain = url("PLAIN", "http"), tls = url("TLS", "https"), once = url("ONCE", "https"),
    delay = url("DELAY", "http"), slow = url("SLOW", "https"),
    root = authority.get().root,
    bundle = workdir.write("bench/bundle.pem", bundle .. read(authority.get().root)),
  }
end

-- The price of one call -------------------------------------------------------

local LUA_RUN = LUA .. " bench/"

--- Who creates; each takes URL, CA file and how often. The floor is the first.
local function creators()
  local list = {
    { "C over libcurl, handle kept", "build/bench/floor create", "/wallets", 10000 },
    { "C over libcurl, every option anew", "build/bench/floor every", "/wallets", 10000 },
    { "coffer", LUA_RUN .. "create.lua", "", 10000 },
  }
  local function add(is_there, who, why, ...)
    if is_there then
      list[#list + 1] = { who, ... }
    else
      skip(who, why)
    end
  end
  add(succeeds(LUA .. " -e 'require [[ssl.https]] require [[cjson]]'"), "LuaSocket, lua-cjson",
    "no lua-socket, lua-sec or lua-cjson", LUA_RUN .. "luasocket.lua", "", 200)
  add(succeeds "python3 -c 'import requests'", "Python requests", "no python3-requests",
    "python3 bench/create.py", "", 300, true)
  add(succeeds "curl --version", "curl per call", "no curl", "sh bench/curl.sh", "", 40, true)
  return list
end

--- The CPU of one call of each, in µs: all in turn, round after round, so that what else the
--- machine does falls on all of them.
local function cpu_of_all(list, url, ca_file)
  local found = {}
  for _ = 1, 7 do
    for i, each in ipairs(list) do
      found[i] = found[i] or {}
      table.insert(found[i], price(function(count)
        return measure(("%s %s %s %d"):format(each[2], url .. each[3], ca_file, count)).cpu
      end, each[4] // 10, each[4], 1) * 1e6)
    end
  end
  for i, prices in ipairs(found) do
    found[i] = median(prices)
  end
  return found
end

local function instructions_of_all(list, url, ca_file)
  local found = {}
  for i, each in ipairs(list) do
    found[i] = not each[5] and price(function(count)
      return instructions(("%s %s %s %d"):format(each[2], url .. each[3], ca_file, count))
    end, 20, 220, 1)
  end
  return found
end

local function create(servers)
  local has_valgrind = succeeds "valgrind --version"
  if not has_valgrind then
    skip("instructions", "no valgrind")
  end
  local list = creators()
  local columns = {}
  for _, url in ipairs { servers.plain, servers.tls } do
    columns[#columns + 1] = cpu_of_all(list, url, servers.root)
  end
  for _, url in ipairs { servers.plain, servers.tls } do
    columns[#columns + 1] = has_valgrind and instructions_of_all(list, url, servers.root) or {}
  end
  head(("One create, answer of %d bytes, connection kept"):format(#wallet(1)), "", "CPU, plain",
    "CPU, TLS", "instructions, plain", "instructions, TLS")
  for i, each in ipairs(list) do
    local cells = { each[1] }
    for k, column in ipairs(columns) do
      cells[k + 1] = column[i] and (k < 3 and "%.0f µs (%.2f)" or "%.0f (%.2f)"):format(column[i],
        column[i] / column[1]) or "-"
    end
    row(table.unpack(cells))
  end
end

-- Many at once ------------------------------------------------------------------

local CALLS = 1000

local function fraction(command, url, ca_file, at_once, times)
  local walls, peak = {}, 0
  for i = 1, times do
    local used = measure(("%s %s %s %d %d"):format(command, url, ca_file, CALLS, at_once))
    walls[i], peak = used.said[1], math.max(peak, used.peak)
  end
  local ideal = math.ceil(CALLS / at_once) * 0.05
  return ideal / median(walls), peak
end

local function many(servers)
  local list = {
    { "C multi", "build/bench/floor many", "/wallets" },
    { "coffer.map", LUA_RUN .. "many.lua", "" },
  }
  if succeeds "python3 -c 'import requests'" then
    list[#list + 1] = { "Python requests, threads", "python3 bench/create.py", "" }
  end
  head(CALLS .. " calls to a server that answers after 50 ms: ideal time over wall time", "",
    "16 at once", "64", "256", "256, TLS with the system's CA file",
    "memory per call in flight at 256")
  for _, each in ipairs(list) do
    local cells = { each[1] }
    local peak
    for _, at_once in ipairs { 16, 64, 256 } do
      local part
      part, peak = fraction(each[2], servers.delay .. each[3], servers.root, at_once, 3)
      cells[#cells + 1] = ("%.0f %%"):format(part * 100)
    end
    cells[#cells + 1] = ("%.0f %%"):format(100 * fraction(each[2], servers.slow .. each[3],
      servers.bundle, 256, 3))
    local _, least = fraction(each[2], servers.delay .. each[3], servers.root, 2, 1)
    cells[#cells + 1] = ("%.1f KB"):format((peak - least) / 254)
    row(table.unpack(cells))
  end
end

-- JSON --------------------------------------------------------------------------

local function json()
  local lists = {
    { "one wallet", workdir.write("wallet.json", wallet(1)), 5000, 200, 1200 },
    { "5,000 wallets", workdir.write("wallets.json", wallets(5000)), 4, 1, 2 },
  }
  local has_valgrind = succeeds "valgrind --version"
  head("JSON alone", "", "in, MB/s", "in, instructions per byte", "out, MB/s",
    "out, instructions per byte")
  for _, each in ipairs(lists) do
    local size = #read(each[2])
    for _, library in ipairs { "coffer", "cjson" } do
      local cells = { each[1] .. ", " .. library }
      for _, direction in ipairs { "in", "out" } do
        local function command(count)
          return ("%scodec.lua %s %s %s %d"):format(LUA_RUN, library, direction, each[2], count)
        end
        local cpu = price(function(count) return measure(command(count)).cpu end, each[3],
          each[3] * 4, 5)
        cells[#cells + 1] = ("%.0f"):format(size / cpu / 1e6)
        cells[#cells + 1] = has_valgrind and ("%.1f"):format(price(function(count)
          return instructions(command(count))
        end, each[4], each[5], 1) / size) or "-"
      end
      row(table.unpack(cells))
    end
  end
end

-- Loading -----------------------------------------------------------------------

local function load()
  local list = {
    { "loading libcurl, in C", "build/bench/floor load" },
    { "Lua alone", LUA .. " -e ''" },
    { "require coffer", LUA .. " -e 'require [[coffer]]'" },
    { "require coffer and a client", LUA
      .. " -e 'require [[coffer]].clumio { token = [[t]] }'" },
  }
  head("Loading", "", "CPU", "peak memory")
  local floor
  for _, each in ipairs(list) do
    local cpu, peak = {}, {}
    for i = 1, 21 do
      local used = measure(each[2])
      cpu[i], peak[i] = used.cpu * 1e3, used.peak / 1024
    end
    local found = { median(cpu), median(peak) }
    floor = floor or found
    row(each[1], ("%.1f ms (%.2f)"):format(found[1], found[1] / floor[1]),
      ("%.1f MB (%.2f)"):format(found[2], found[2] / floor[2]))
  end
end

-- New connections ---------------------------------------------------------------

local function connect(servers)
  local list = {
    { "C over libcurl, CA file kept", "build/bench/floor connect", "/wallets", "cached" },
    { "C over libcurl, its defaults", "build/bench/floor connect", "/wallets", "defaults" },
    { "coffer", LUA_RUN .. "connect.lua", "", "" },
  }
  head("A new TLS connection with the system's CA file", "", "first, CPU", "later ones, CPU")
  for _, each in ipairs(list) do
    local first, later = {}, {}
    for i = 1, 5 do
      local said = measure(("%s %s %s 30 %s"):format(each[2], servers.once .. each[3],
        servers.bundle, each[4])).said
      first[i], later[i] = said[1] * 1e3, said[2] * 1e3
    end
    row(each[1], ("%.1f ms"):format(median(first)), ("%.2f ms"):format(median(later)))
  end
end

-- All ----------------------------------------------------------------------------

local works = { create = create, many = many, json = json, load = load, connect = connect }
local order = { "many", "load", "connect", "create", "json" }

local function main(...)
  local wanted = select("#", ...) > 0 and { ... } or order
  print(os.date "!%Y-%m-%d", (shell "curl-config --version" or ""):gsub("\n", ""), _VERSION)
  local servers <close> = setmetatable(serve(), { __close = function(self)
    for _, child in ipairs(self.children) do
      child:stop()
    end
  end })
  for _, name in ipairs(wanted) do
    local work = works[name] or error("no such work: " .. name)
    work(servers)
  end
end

main(...)
