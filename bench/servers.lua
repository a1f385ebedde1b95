-- The servers of the benchmarks: nginx, and behind it and beside it the one that takes its time.
-- All of them answer with one wallet, under the head of an API behind a gateway.

local authority = require "authority"
local nginx = require "nginx"
local process = require "process"
local samples = require "bench.samples"
local workdir = require "workdir"

local servers = {}

local BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

local SECONDS = 7200

--- What a gateway and the API add to the lines that every server sends.
local LINES = {
  { "x-amzn-requestid", "8c9f3b52-6a1d-4e0f-9b7e-2d41c0a6f5e8" },
  { "strict-transport-security", "max-age=31536000; includeSubDomains" },
  { "cache-control", "no-store" },
  { "x-content-type-options", "nosniff" },
  { "vary", "Accept-Encoding, Origin" },
}

local HTTP = [[
  keepalive_requests 10000000;
  ssl_certificate CERTIFICATE;
  ssl_certificate_key KEY;
  upstream slow { server 127.0.0.1:DELAY; keepalive 1024; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    LINES
    return 200 'BODY';
  }
  server {
    listen 127.0.0.1:{once} ssl;
    LINES
    location / { keepalive_timeout 0; return 200 'BODY'; }
  }
  server {
    listen 127.0.0.1:{slow} ssl;
    location / {
      proxy_pass http://slow;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
]]

local function each_line(format)
  local lines = {}
  for i, line in ipairs(LINES) do
    lines[i] = format:format(line[1], line[2])
  end
  return table.concat(lines)
end

--- What nginx answers, for the server that does not make its own.
local function answer()
  local body = samples.wallet(1)
  return "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\n"
    .. ("Content-Type: application/json\r\nContent-Length: %d\r\n"):format(#body)
    .. "Connection: keep-alive\r\n" .. each_line "%s: %s\r\n" .. "\r\n" .. body
end

local function start_delay()
  local child = process.start(("timeout %d build/bench/delay 50 %s"):format(SECONDS,
    workdir.write("answer", answer())))
  return child, assert(child:line(), "delay did not start")
end

local function start_nginx(delay_port)
  local pair = authority.get().good
  local values = {
    CERTIFICATE = pair.certificate, KEY = pair.key, DELAY = delay_port, BODY = samples.wallet(1),
    LINES = each_line "add_header %s '%s' always;\n",
  }
  return nginx.serve(HTTP:gsub("%u+", values), { "plain", "tls", "once", "slow" }, SECONDS)
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local Servers = { __name = "bench.servers" }

function Servers:__close()
  for _, child in ipairs(self.children) do
    child:stop()
  end
end

--- Starts them; answers their URLs and two CA files: the root alone, and one of the system's size.
function servers.start()
  local root = authority.get().root
  local delay, delay_port = start_delay()
  local web = start_nginx(delay_port)
  local function url(name, scheme)
    return ("%s://127.0.0.1:%s"):format(scheme, web.ports[name])
  end
  return setmetatable({
    children = { web, delay },
    plain = url("plain", "http"), tls = url("tls", "https"), once = url("once", "https"),
    slow = url("slow", "https"), delay = "http://127.0.0.1:" .. delay_port,
    root = root, bundle = workdir.write("bundle.pem", read(BUNDLE) .. read(root)),
  }, Servers)
end

return servers
