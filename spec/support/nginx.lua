-- nginx in front of a spec or a benchmark, on free loopback ports, for as long as somebody holds on
-- to it.
--
--   local web <close> = nginx.start { tls = authority.get().good, server = "return 204;" }

local process = require "process"
local read_file = require "read_file"
local socket = require "socket"
local workdir = require "workdir"

local nginx = {}
local Nginx = { __name = "nginx", __index = nginx }

local SETTINGS = [[
daemon off;
master_process off;
pid {here}/pid;
error_log stderr info;
events { worker_connections 4096; }
http {
  access_log off;
  default_type application/json;
  client_body_temp_path {here}/body;
  proxy_temp_path {here}/proxy;
  fastcgi_temp_path {here}/fastcgi;
  uwsgi_temp_path {here}/uwsgi;
  scgi_temp_path {here}/scgi;
{http}
}
]]

local program = os.getenv "COFFER_NGINX" or "/usr/sbin/nginx"

--- False where nginx is not installed.
function nginx.is_there()
  local file = io.open(program, "rb")
  return file ~= nil and file:close()
end

--- Holds a port that nobody gets by chance between here and nginx: systems give out those from
--- 32768 on.
local function hold_port()
  local random <close> = assert(io.open("/dev/urandom", "rb"))
  for _ = 1, 100 do
    local port = 16384 + string.unpack("<I2", random:read(2)) % 16384
    local holder = socket.bind("127.0.0.1", port)
    if holder then
      return holder, port
    end
  end
  error "no free port was found"
end

--- Free ports, all different, by name.
local function free_ports(names)
  local holders, ports = {}, {}
  for _, name in ipairs(names) do
    holders[name], ports[name] = hold_port()
  end
  for _, holder in pairs(holders) do
    holder:close()
  end
  return ports
end

local function is_up(port)
  for _ = 1, 400 do
    local peer = socket.connect("127.0.0.1", port)
    if peer then
      peer:close()
      return true
    end
    socket.sleep(0.005)
  end
  return false
end

--- Starts nginx with these directives of the http block.
-- @param http string: {name} stands for a free port, of each of the names
-- @param names list of strings
-- @param seconds number or nil: how long it may live (60)
-- @return nginx: `ports` has the ports by name
function nginx.serve(http, names, seconds)
  local ports = free_ports(names)
  local directory = workdir.make_directory("nginx" .. ports[names[1]])
  local text = SETTINGS:gsub("{(%l+)}", { here = directory, http = http:gsub("{(%l+)}", ports) })
  local settings = workdir.write("nginx" .. ports[names[1]] .. "/nginx.conf", text)
  local child = process.start(("timeout -s KILL %d %s -p %s -c %s 2>%s/log"):format(seconds or 60,
    program, directory, settings, directory))
  local started = setmetatable({ child = child, directory = directory, ports = ports }, Nginx)
  if not is_up(ports[names[1]]) then
    error("nginx did not start: " .. started:log(), 2)
  end
  return started
end

local SERVER = [[
  server {
    listen 127.0.0.1:{port}%s;
%s
%s
  }
]]

--- Starts nginx with one server.
-- @param options table: server (its directives), tls ({ certificate =, key = }), offers_http2
-- @return nginx: with `port` and `url`
function nginx.start(options)
  local pair, certificate = options.tls, ""
  if pair then
    certificate = ("ssl_certificate %s;\nssl_certificate_key %s;"):format(pair.certificate,
      pair.key)
  end
  local started = nginx.serve(SERVER:format((pair and " ssl" or "")
    .. (options.offers_http2 and " http2" or ""), certificate, options.server),
    { "port" })
  started.port = started.ports.port
  started.url = (pair and "https" or "http") .. "://127.0.0.1:" .. started.port
  return started
end

function nginx:log()
  return read_file(self.directory .. "/log")
end

function nginx:stop()
  self.child:stop()
end

function Nginx:__close()
  self:stop()
end

Nginx.__gc = Nginx.__close

return nginx
