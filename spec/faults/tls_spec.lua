-- TLS that is not to be trusted: nothing is sent, and nothing can talk the library into it.

local authority = require "authority"
local child = require "child"
local coffer = require "coffer"
local core = require "coffer.core"
local expect = require "expect"
local interpreter = require "interpreter"
local nginx = require "nginx"
local process = require "process"
local providers = require "providers"
local read_file = require "read_file"
local s_server = require "s_server"
local server = require "server"
local workdir = require "workdir"

local made = authority.get()

--- The create is not sent, for a reason of TLS, after one attempt.
local function refuses(case, certificate, options)
  local faulty <close> = server.start { tls = certificate, { send = case.good(), finish = "keep" } }
  local client = case.client(faulty.url, options or { ca_file = made.root })
  expect.failure("not_sent", "tls", case.create(client))
  assert.equal(1, #faulty:connections())
  assert.equal(0, #faulty:requests())
  assert.equal(0, faulty:creates())
end

describe("a certificate", function()
  local rows = {
    { "that is self-signed", "self_signed" },
    { "of an unknown authority", "unknown_authority" },
    { "for another host", "other_host" },
    { "that has expired", "expired" },
    { "that is not yet valid", "not_yet_valid" },
  }

  for _, case in ipairs(providers.creates) do
    for _, row in ipairs(rows) do
      local what, name = table.unpack(row)
      it(("%s stops %s before it is sent"):format(what, case.name), function()
        refuses(case, made[name])
      end)
    end

    it("of a private authority is not trusted without ca_file: " .. case.name, function()
      refuses(case, made.good, {})
    end)

    it("of the authority in ca_file is trusted: " .. case.name, function()
      local faulty <close> = server.start {
        tls = made.good,
        { send = case.good(), finish = "keep" },
      }
      local client = case.client(faulty.url, { ca_file = made.root })
      expect.created(case, case.create(client))
      expect.created(case, case.create(client))
      assert.equal(2, faulty:creates())
      assert.equal(1, #faulty:connections())
    end)
  end

  it("is good for every name in it", function()
    local case = providers.clumio
    local faulty <close> = server.start { tls = made.good, { send = case.good() } }
    local client = case.client("https://localhost:" .. faulty.port, { ca_file = made.root })
    expect.created(case, case.create(client))
  end)

  it("cannot be judged with a CA file that is not there or is none", function()
    local case = providers.clumio
    local faulty <close> = server.start { tls = made.good, { send = case.good() } }
    for _, path in ipairs { "/nonexistent/ca.pem", workdir.write("no-ca.pem", "nothing\n") } do
      local failure = expect.failure("not_sent", "tls",
        case.create(case.client(faulty.url, { ca_file = path })))
      assert.matches("ca_file has to be a readable PEM file", failure.message, 1, true)
    end
    assert.equal(0, #faulty:requests())
  end)
end)

local function copy(from, to)
  return workdir.write(to, read_file(from))
end

describe("an authority that is not known", function()
  local function told(certificate, options)
    local faulty <close> = server.start { tls = made[certificate] }
    return expect.failure("not_sent", "tls",
      providers.clumio.create(providers.clumio.client(faulty.url, options))).message
  end

  for _, name in ipairs { "good", "self_signed", "unknown_authority" } do
    it("is told with the way out: " .. name, function()
      assert.matches("give its certificate as ca_file", told(name, {}), 1, true)
    end)
  end

  for _, name in ipairs { "expired", "not_yet_valid", "other_host" } do
    it("is no matter where the certificate itself is wrong: " .. name, function()
      assert.is_nil(told(name, { ca_file = made.root }):find("ca_file", 1, true))
    end)
  end
end)

describe("a ca_file that is replaced", function()
  local case = providers.clumio

  it("is trusted from then on, by the same client", function()
    local path = copy(made.stranger, "trusted.pem")
    local faulty <close> = server.start { tls = made.good,
      { send = case.good(), finish = "keep" } }
    local client = case.client(faulty.url, { ca_file = path })
    expect.failure("not_sent", "tls", case.create(client))
    require("socket").sleep(1.1)
    copy(made.root, "trusted.pem")
    expect.created(case, case.create(client))
  end)

  it("is not trusted any more, by the same client and on no kept connection", function()
    local path = copy(made.root, "mistrusted.pem")
    local faulty <close> = server.start { tls = made.good,
      { send = case.good(), finish = "keep" } }
    local client = case.client(faulty.url, { ca_file = path })
    expect.created(case, case.create(client))
    expect.created(case, case.create(client))
    assert.equal(1, #faulty:connections())
    require("socket").sleep(1.1)
    copy(made.stranger, "new.pem")
    assert(os.rename(workdir.file "new.pem", path))
    expect.failure("not_sent", "tls", case.create(client))
    assert.equal(2, faulty:creates())
  end)

  it("that stays as it is costs no connection", function()
    local faulty <close> = server.start { tls = made.good,
      { send = case.good(), finish = "keep" } }
    local client = case.client(faulty.url, { ca_file = copy(made.root, "same.pem") })
    expect.created(case, case.create(client))
    require("socket").sleep(1.1)
    expect.created(case, case.create(client))
    assert.equal(1, #faulty:connections())
  end)
end)

describe("an encrypted key", function()
  local function encrypted()
    return workdir.once("encrypted key", function()
      local path = workdir.file "encrypted.key"
      assert(os.execute(("openssl pkcs8 -topk8 -in %s -passout pass:canary-of-a-key -out %s")
        :format(made.client.key, path)))
      return path
    end)
  end

  local function create(given)
    local faulty <close> = server.start { tls = made.good,
      { send = providers.clumio.good(), finish = "keep" } }
    given.ca_file = made.root
    given.client_certificate = given.client_certificate or made.client.certificate
    given.client_key = given.client_key or encrypted()
    local result, failure = providers.clumio.create(providers.clumio.client(faulty.url, given))
    return result, failure, #faulty:requests()
  end

  for what, password in pairs { ["a string"] = "canary-of-a-key",
    ["a secret"] = coffer.secret "canary-of-a-key" } do
    it("is opened by client_key_password: " .. what, function()
      expect.created(providers.clumio, create { client_key_password = password })
    end)
  end

  for what, given in pairs {
    ["no password"] = {}, ["a wrong one"] = { client_key_password = "canary-wrong" },
  } do
    it("is not opened with " .. what .. ", and the option named", function()
      local _, failure, requests = create(given)
      assert.equal("not_sent", failure.outcome)
      assert.equal("tls", failure.code)
      assert.equal(1, failure.attempts)
      assert.matches("client_key_password", failure.message, 1, true)
      assert.is_nil(tostring(failure):find("canary", 1, true))
      assert.equal(0, requests)
    end)
  end

  it("may lie in the file of the certificate", function()
    local both = copy(made.client.certificate, "both.pem")
    local file, key = assert(io.open(both, "ab")), assert(io.open(encrypted()))
    file:write(key:read "a")
    file:close()
    key:close()
    local faulty <close> = server.start { tls = made.good,
      { send = providers.clumio.good(), finish = "keep" } }
    local given = { ca_file = made.root, client_certificate = both }
    expect.failure("not_sent", "tls",
      providers.clumio.create(providers.clumio.client(faulty.url, given)))
    given.client_key_password = "canary-of-a-key"
    expect.created(providers.clumio,
      providers.clumio.create(providers.clumio.client(faulty.url, given)))
  end)

  it("never asks the terminal", function()
    if not os.execute "script -qec true /dev/null >/dev/null 2>&1" then
      pending "there is no pseudo-terminal"
    end
    local faulty <close> = server.start { tls = made.good, { send = providers.clumio.good() } }
    for _, given in ipairs { { made.client.certificate, encrypted() }, { encrypted() } } do
      local said = child.execute("script -qec " .. process.quote(child.command(
        function(url, ca_file, certificate, key)
          local client = assert(require("coffer").clumio { base_url = url, token = "t",
            ca_file = ca_file, client_certificate = certificate, client_key = key, deadline = 5 })
          print("it said", select(2, client:create_wallet "123456789012"))
        end, faulty.url, made.root, table.unpack(given))) .. " /dev/null")
      assert.matches("it said.*%[tls%]", said.output)
      assert.is_nil(said.output:lower():find "enter", said.output)
    end
  end)
end)

describe("a file that is none", function()
  for _, option in ipairs { "ca_file", "client_certificate", "client_key" } do
    it("is told when the client is made, and not waited for: " .. option, function()
      local pipe = workdir.file("pipe-for-" .. option)
      assert(os.execute(("mkfifo -m 600 '%s'"):format(pipe)))
      for _, path in ipairs { pipe, "/dev/tty", workdir.make_directory "no-file" } do
        local failure = expect.failure("not_sent", "config", coffer.clumio {
          token = "t", base_url = "https://127.0.0.1:1", [option] = path })
        assert.equal(option, failure.details[1].field)
      end
    end)
  end
end)

describe("a handshake", function()
  for _, ending in ipairs { "close", "reset" } do
    it("that ends in " .. ending .. " leaves not sent", function()
      local case = providers.clumio
      local faulty <close> = server.start { tls = made.good, { accept = ending, after = 0.05 } }
      expect.failure("not_sent", "tls",
        case.create(case.client(faulty.url, { ca_file = made.root })))
      assert.equal(0, faulty:creates())
    end)
  end
end)

describe("a server that speaks only", function()
  local kinds = {
    { "TLS 1.0", "-tls1 -cipher ALL:@SECLEVEL=0" },
    { "TLS 1.1", "-tls1_1 -cipher ALL:@SECLEVEL=0" },
    { "NULL ciphers", "-tls1_2 -cipher eNULL:@SECLEVEL=0" },
  }

  for _, kind in ipairs(kinds) do
    it(kind[1] .. " gets nothing", function()
      local old <close> = s_server.start { tls = made.good, arguments = kind[2] }
      local case = providers.clumio
      expect.failure("not_sent", "tls",
        case.create(case.client(old.url, { ca_file = made.root, timeout = 5 })))
    end)
  end

  -- The machine's own OpenSSL settings refuse old versions, whatever the library does.
  local lax = workdir.write("lax.cnf", [[
openssl_conf = lax
[lax]
ssl_conf = settings
[settings]
system_default = everything
[everything]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
]])

  local ASK = [[
    local case = require("providers").clumio
    local url, ca_file = ...
    local _, failure = case.create(case.client(url, { ca_file = ca_file, timeout = 5 }))
    return failure.outcome, failure.code
  ]]

  for i = 1, 2 do
    it(kinds[i][1] .. " gets nothing from a machine that would allow it", function()
      local old <close> = s_server.start { tls = made.good, arguments = kinds[i][2] }
      local said = interpreter.run({ OPENSSL_CONF = lax }, ASK, old.url, made.root)
      assert.same({ "not_sent", "tls" }, said)
    end)
  end
end)

describe("a server that offers HTTP/2", function()
  if not nginx.is_there() then
    pending "nginx is not installed"
    return
  end

  local function start(case)
    return nginx.start {
      tls = made.good, offers_http2 = true,
      server = ("location / {\ndefault_type %s;\nadd_header X-Spoken $server_protocol;\n"
        .. "return %d '%s';\n}\n"):format(case.type, case.status, case.body()),
    }
  end

  for _, case in ipairs(providers.creates) do
    it("is spoken to in HTTP/1.1: " .. case.name, function()
      local web <close> = start(case)
      local thing = expect.created(case, case.create(case.client(web.url, { ca_file = made.root })))
      assert.equal("HTTP/1.1", coffer.response(thing).headers["x-spoken"])
    end)
  end

  it("does offer it", function()
    local web <close> = start(providers.clumio)
    local client = io.popen(("openssl s_client -alpn h2 -connect 127.0.0.1:%d </dev/null 2>&1")
      :format(web.port))
    local said = client:read "a"
    client:close()
    assert.truthy(said:find("ALPN protocol: h2", 1, true))
  end)
end)

describe("a server that asks for a client's certificate", function()
  if not nginx.is_there() then
    pending "nginx is not installed"
    return
  end

  local function start(case)
    return nginx.start {
      tls = made.good,
      server = ("ssl_client_certificate %s;\nssl_verify_client on;\nlocation / {\n"
        .. "default_type %s;\nreturn %d '%s';\n}\n"):format(made.root, case.type, case.status,
        case.body()),
    }
  end

  local function create(case, web, pair)
    return case.create(case.client(web.url, {
      ca_file = made.root,
      client_certificate = pair.certificate,
      client_key = pair.key,
    }))
  end

  for _, case in ipairs(providers.creates) do
    it("takes the one that is given: " .. case.name, function()
      local web <close> = start(case)
      expect.created(case, create(case, web, made.client))
    end)

    it("refuses clearly without one, and with a stranger's: " .. case.name, function()
      local web <close> = start(case)
      for _, pair in ipairs { {}, made.client_of_stranger } do
        local failure = expect.failure("refused", "rejected", create(case, web, pair))
        assert.equal(400, failure.status)
      end
    end)
  end

  it("is shown the one that a file was replaced by, on no kept connection", function()
    local case = providers.clumio
    local web <close> = start(case)
    local client = case.client(web.url, { ca_file = made.root,
      client_certificate = copy(made.client.certificate, "shown.pem"),
      client_key = copy(made.client.key, "shown.key") })
    expect.created(case, case.create(client))
    require("socket").sleep(1.1)
    copy(made.client_of_stranger.certificate, "shown.pem")
    copy(made.client_of_stranger.key, "shown.key")
    expect.failure("refused", "rejected", case.create(client))
  end)

  it("is not reached with a key that does not fit", function()
    local case = providers.clumio
    local web <close> = start(case)
    local pair = { certificate = made.client.certificate, key = made.good.key }
    expect.failure("not_sent", "tls", create(case, web, pair))
  end)
end)

describe("a server that asks for a client certificate behind the handshake", function()
  for _, case in ipairs(providers.creates) do
    it("leaves unknown what was sent by then, and no tls: " .. case.name, function()
      local strict <close> = s_server.start { tls = made.good,
        arguments = "-tls1_3 -Verify 1 -CAfile " .. made.root }
      expect.failure("unknown", "unreachable", case.create(case.client(strict.url,
        { ca_file = made.root })))
    end)
  end
end)

describe("verification", function()
  local switches = {
    "verify", "verify_peer", "verify_host", "verify_tls", "verify_ssl", "ssl_verify",
    "ssl_verifypeer", "ssl_verifyhost", "tls_verify", "insecure", "skip_verify", "verifySSL",
    "insecure_skip_verify", "no_verify", "check_certificate", "no_check_certificate",
    "rejectUnauthorized", "validate_certs", "cert_reqs", "allow_self_signed", "strict_ssl",
    "VerifyPeer", "verify-ssl", "ignore_ssl_errors", "accept_invalid_certs", "check_hostname",
    "ciphers", "tls_min", "ssl_options", "curl_options",
  }
  local others = { ciphers = true, tls_min = true, ssl_options = true, curl_options = true }

  for provider in pairs(core.providers) do
    it("has no switch: " .. provider, function()
      for _, name in ipairs(switches) do
        for _, value in ipairs { false, 0, "none" } do
          local ok, trouble = pcall(coffer[provider], { [name] = value })
          assert.is_false(ok)
          assert.truthy(tostring(trouble):find("unknown option '" .. name .. "'", 1, true))
          local is_told = tostring(trouble):find("there is no such switch: give ca_file", 1, true)
          assert.equal(not others[name], is_told ~= nil)
        end
      end
    end)
  end

  it("has no switch in a call's options either", function()
    local case = providers.clumio
    local faulty <close> = server.start { { send = case.good() } }
    local client = case.client(faulty.url)
    assert.is_false(pcall(case.create, client, { verify = false }))
    local done, said = pcall(case.create, client, { insecure = true })
    assert.is_false(done)
    assert.matches("there is no such switch", said)
    assert.equal(0, #faulty:requests())
  end)
end)
