-- A private certificate authority, made at run time with the openssl command and kept for the run.
-- authority.get().good.certificate and so on are paths of PEM files.

local workdir = require "workdir"

local authority = {}

local SETTINGS = [[
[req]
distinguished_name = nobody
prompt = no
[nobody]
CN = coffer specs
[ca]
default_ca = signer
[signer]
dir = %s
database = $dir/index
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
policy = anything
copy_extensions = copy
unique_subject = no
email_in_dn = no
[anything]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
]]

local HERE = "IP:127.0.0.1,DNS:localhost,DNS:provider.test"
local KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

local directory

local function openssl(arguments)
  local log = directory .. "/log"
  local command = ("cd %s && openssl %s >>log 2>&1"):format(directory, arguments)
  if not os.execute(command) then
    local file = assert(io.open(log))
    error("openssl " .. arguments .. "\n" .. file:read "a", 2)
  end
end

local function pair(name)
  local path = directory .. "/" .. name
  return { certificate = path .. ".pem", key = path .. ".key" }
end

local function make_authority(name)
  openssl(("req -x509 -config settings %s -days 2 -subj '/CN=%s' -extensions authority"
    .. " -keyout %s.key -out %s.pem"):format(KEY, name, name, name))
  return pair(name)
end

local function make_self_signed(name)
  openssl(("req -x509 -config settings %s -days 2 -subj /CN=localhost -addext subjectAltName=%s"
    .. " -keyout %s.key -out %s.pem"):format(KEY, HERE, name, name))
  return pair(name)
end

local function moment(offset)
  return os.date("!%Y%m%d%H%M%SZ", os.time() + offset)
end

local DAY = 86400

--- Signs a certificate; options: names, signer, from and to in seconds from now.
local function make(name, options)
  openssl(("req -new -config settings %s -subj '/CN=%s' -addext subjectAltName=%s -keyout %s.key"
    .. " -out %s.csr"):format(KEY, name, options.names or HERE, name, name))
  local signer = options.signer or "root"
  openssl(("ca -batch -config settings -cert %s.pem -keyfile %s.key -startdate %s -enddate %s"
    .. " -notext -in %s.csr -out %s.pem"):format(signer, signer, moment(options.from or -DAY),
    moment(options.to or DAY), name, name))
  return pair(name)
end

local function build()
  directory = workdir.make_directory "authority"
  workdir.write("authority/index", "")
  workdir.write("authority/settings", SETTINGS:format(directory))
  local root, stranger = make_authority "root", make_authority "stranger"
  return {
    root = root.certificate,
    stranger = stranger.certificate,
    good = make("good", {}),
    other_host = make("other_host", { names = "DNS:other.example" }),
    expired = make("expired", { from = -2 * DAY, to = -3600 }),
    not_yet_valid = make("not_yet_valid", { from = 3600, to = DAY }),
    unknown_authority = make("unknown_authority", { signer = "stranger" }),
    self_signed = make_self_signed "self_signed",
    client = make("client", { names = "email:client@example.com" }),
    client_of_stranger = make("client_of_stranger", { signer = "stranger" }),
  }
end

--- root and stranger: CA files; good, other_host, expired, not_yet_valid, unknown_authority,
--- self_signed, client, client_of_stranger: { certificate =, key = }.
function authority.get()
  return workdir.once("authority", build)
end

return authority
