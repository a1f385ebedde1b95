-- nginx in front of a spec: one server block on a free loopback port, for as long as the spec
-- holds on to it.
--
--   local web <close> = nginx.start { tls = authority.get().good, server = "return 204;" }

local process = require "process"
local socket = require "socket"
local workdir = require "workdir"

local nginx = {}
local Nginx = { __name = "nginx", __index = nginx }

local SETTINGS = [[
daemon off;
master_process off;
pid HERE/pid;
error_log stderr info;
events {}
http {
  access_log off;
  default_type application/json;
  client_body_temp_path HERE/body;
  proxy_temp_path HERE/proxy;
  fastcgi_temp_path HERE/fastcgi;
  uwsgi_temp_path HERE/uwsgi;
  scgi_temp_path HERE/scgi;
  server {
    listen 127.0.0.1:%d%s;
%s
  }
}
]]

local program = os.getenv "COFFER_NGINX" or "/usr/sbin/nginx"

--- False where nginx is not installed.
function nginx.is_there()
  local file = io.open(program, "rb")
  return file ~= nil and file:close()
end

local function free_port()
  local holder = assert(socket.bind("127.0.0.1", 0))
  local _, port = holder:getsockname()
  holder:close()
  return math.tointeger(tonumber(port))
end

local function block_of(options)
  local block = options.server
  if options.tls then
    block = ("ssl_certificate %s;\nssl_certificate_key %s;\n%s"):format(options.tls.certificate,
      options.tls.key, block)
  end
  return block
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

--- Options: server (directives of the server block), tls ({ certificate =, key = }).
function nginx.start(options)
  local port = free_port()
  local directory = workdir.make_directory("nginx" .. port)
  local text = SETTINGS:gsub("HERE", directory)
    :format(port, options.tls and " ssl" or "", block_of(options))
  local settings = workdir.write("nginx" .. port .. "/nginx.conf", text)
  local child = process.start(("timeout -s KILL 60 %s -p %s -c %s 2>%s/log"):format(program,
    directory, settings, directory))
  local started = setmetatable({
    child = child,
    directory = directory,
    port = port,
    url = (options.tls and "https" or "http") .. "://127.0.0.1:" .. port,
  }, Nginx)
  if not is_up(port) then
    error("nginx did not start: " .. started:log(), 2)
  end
  return started
end

function nginx:log()
  local file = assert(io.open(self.directory .. "/log"))
  local text = file:read "a"
  file:close()
  return text
end

function nginx:stop()
  self.child:stop()
end

function Nginx:__close()
  self:stop()
end

Nginx.__gc = Nginx.__close

return nginx
