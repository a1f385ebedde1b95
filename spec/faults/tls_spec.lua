-- TLS that is not to be trusted: nothing is sent, and nothing can talk the library into it.

local authority = require "authority"
local coffer = require "coffer"
local expect = require "expect"
local interpreter = require "interpreter"
local nginx = require "nginx"
local providers = require "providers"
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
    { "F01", "that is self-signed", "self_signed" },
    { "F01", "of an unknown authority", "unknown_authority" },
    { "F02", "for another host", "other_host" },
    { "F02", "that has expired", "expired" },
    { "F02", "that is not yet valid", "not_yet_valid" },
  }

  for _, case in ipairs(providers.creates) do
    for _, row in ipairs(rows) do
      local number, what, name = table.unpack(row)
      it(("%s %s stops %s before it is sent"):format(number, what, case.name), function()
        refuses(case, made[name])
      end)
    end

    it("F01 of a private authority is not trusted without ca_file: " .. case.name, function()
      refuses(case, made.good, {})
    end)

    it("F01 of the authority in ca_file is trusted: " .. case.name, function()
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

  it("F02 is good for every name in it", function()
    local case = providers.clumio
    local faulty <close> = server.start { tls = made.good, { send = case.good() } }
    local client = case.client("https://localhost:" .. faulty.port, { ca_file = made.root })
    expect.created(case, case.create(client))
  end)

  it("F01 cannot be judged with a CA file that is not there or is none", function()
    local case = providers.clumio
    local faulty <close> = server.start { tls = made.good, { send = case.good() } }
    for _, path in ipairs { "/nonexistent/ca.pem", workdir.write("no-ca.pem", "nothing\n") } do
      expect.failure("not_sent", "tls", case.create(case.client(faulty.url, { ca_file = path })))
    end
    assert.equal(0, #faulty:requests())
  end)
end)

describe("a handshake", function()
  for _, ending in ipairs { "close", "reset" } do
    it("F02 that ends in " .. ending .. " leaves not sent", function()
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
    it("F04 " .. kind[1] .. " gets nothing", function()
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
    it("F04 " .. kinds[i][1] .. " gets nothing from a machine that would allow it", function()
      local old <close> = s_server.start { tls = made.good, arguments = kinds[i][2] }
      local said = interpreter.run({ OPENSSL_CONF = lax }, ASK, old.url, made.root)
      assert.same({ "not_sent", "tls" }, said)
    end)
  end
end)

describe("a server that offers HTTP/2", function()
  if not nginx.is_there() then
    pending "A14 (nginx is not installed)"
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
    it("A14 is spoken to in HTTP/1.1: " .. case.name, function()
      local web <close> = start(case)
      local thing = expect.created(case, case.create(case.client(web.url, { ca_file = made.root })))
      assert.equal("HTTP/1.1", coffer.response(thing).headers["x-spoken"])
    end)
  end

  it("A14 does offer it", function()
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
    pending "F06 (nginx is not installed)"
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
    it("F06 takes the one that is given: " .. case.name, function()
      local web <close> = start(case)
      expect.created(case, create(case, web, made.client))
    end)

    it("F06 refuses clearly without one, and with a stranger's: " .. case.name, function()
      local web <close> = start(case)
      for _, pair in ipairs { {}, made.client_of_stranger } do
        local failure = expect.failure("refused", "rejected", create(case, web, pair))
        assert.equal(400, failure.status)
      end
    end)
  end

  it("F06 is not reached with a key that does not fit", function()
    local case = providers.clumio
    local web <close> = start(case)
    local pair = { certificate = made.client.certificate, key = made.good.key }
    expect.failure("not_sent", "tls", create(case, web, pair))
  end)
end)

describe("verification", function()
  local switches = {
    "verify", "verify_peer", "verify_host", "verify_tls", "verify_ssl", "ssl_verify",
    "ssl_verifypeer", "ssl_verifyhost", "tls_verify", "insecure", "skip_verify",
    "insecure_skip_verify", "no_verify", "check_certificate", "ciphers", "tls_min", "ssl_options",
    "curl_options",
  }

  for _, provider in ipairs { "clumio", "commvault", "ecl", "astra" } do
    it("F07 has no switch: " .. provider, function()
      for _, name in ipairs(switches) do
        for _, value in ipairs { false, 0, "none" } do
          local ok, trouble = pcall(coffer[provider], { [name] = value })
          assert.is_false(ok)
          assert.truthy(tostring(trouble):find("unknown option '" .. name .. "'", 1, true))
        end
      end
    end)
  end

  it("F07 has no switch in a call's options either", function()
    local case = providers.clumio
    local faulty <close> = server.start { { send = case.good() } }
    local client = case.client(faulty.url)
    assert.is_false(pcall(case.create, client, { verify = false }))
    assert.is_false(pcall(case.create, client, { insecure = true }))
    assert.equal(0, #faulty:requests())
  end)
end)
