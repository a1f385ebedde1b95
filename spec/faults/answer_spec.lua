-- Answers that are cut, lie or cannot be read: nothing is sent again and nothing is lost.

local answers = require "answers"
local coffer = require "coffer"
local expect = require "expect"
local faults = require "faults"
local providers = require "providers"
local server = require "server"

local null = coffer.null

local HTML = "<html><body>\27[31m\0" .. ("Q"):rep(1000) .. "</body></html>"

--- Opens a server with one answer for the case's create and runs it.
local function answered(case, options)
  local faulty <close> = server.start { { send = case.good(options) } }
  local result, failure, word = case.create(case.client(faulty.url))
  assert.equal(1, faulty:creates())
  return result, failure, word
end

describe("an answer that cannot be read", function()
  for name, run in faults.tests(faults.answers) do
    it(name, run)
  end

  for _, name in ipairs {
    "a body that Content-Length says to be longer",
    "a chunked body that is cut in a chunk",
    "a body without length that is closed in the middle",
    "200 and a captive portal's HTML",
    "a lone surrogate",
    "garbage after the JSON text",
  } do
    local fault = faults[name]
    for _, case in ipairs(providers.creates) do
      it(("is still there, with %s: %s"):format(name, case.name), function()
        local orders = fault.orders(case)
        local faulty <close> = server.start(orders)
        local _, failure = case.create(case.client(faulty.url))
        local response = coffer.response(failure)
        local sent = orders[1].send
        local body = sent:match "\r\n\r\n(.*)$"
        assert.equal(tonumber(sent:match "^HTTP/1.1 (%d+)"), response.status)
        if name:find "chunked" then
          body = body:match "^%x+\r\n([^\r]*)\r\n"
          assert.equal(body, response.body:sub(1, #body))
        else
          assert.equal(body, response.body)
        end
      end)
    end
  end

  it("is no answer where there is none", function()
    local case = providers.clumio
    local faulty <close> = server.start { {} }
    local _, failure = case.create(case.client(faulty.url))
    assert.is_nil(coffer.response(failure))
  end)
end)

describe("a refusal", function()
  local codes = { { 400, "rejected" }, { 403, "forbidden" }, { 404, "not_found" } }
  local bodies = {
    { name = "HTML", type = "text/html", body = HTML },
    { name = "an empty body", type = false, body = "" },
    { name = "1 MB of text", type = "text/plain", body = ("Q"):rep(1 << 20) },
  }

  for _, pair in ipairs(codes) do
    local status, code = pair[1], pair[2]
    for _, body in ipairs(bodies) do
      for _, case in ipairs(providers.creates) do
        it(("%d with %s keeps its status: %s"):format(status, body.name, case.name), function()
          local failure = expect.failure("refused", code, answered(case, {
            status = status,
            type = body.type,
            body = body.body,
          }))
          assert.equal(status, failure.status)
          assert.equal("string", type(failure.message))
          assert.is_nil(tostring(failure):find(("Q"):rep(65), 1, true))
          assert.is_nil(failure.message:find "[%c\127-\255]")
          assert.equal(body.body, coffer.response(failure).body)
        end)
      end
    end
  end

  it("that is cut is still a refusal", function()
    local case = providers.clumio
    local faulty <close> = server.start {
      { send = (answers.http { status = 403, body = case.error_body() }):sub(1, -5) },
    }
    local failure = expect.failure("refused", "forbidden", case.create(case.client(faulty.url)))
    assert.equal(403, failure.status)
    assert.equal(1, faulty:creates())
  end)
end)

describe("a good answer", function()
  for _, case in ipairs(providers.calls) do
    for _, framing in ipairs { "length", "chunked", "none" } do
      it(("is taken with framing by %s: %s"):format(framing, case.name), function()
        local faulty <close> = server.start { { send = case.good { framing = framing } } }
        expect.created(case, case.create(case.client(faulty.url)))
        assert.equal(1, #faulty:requests())
      end)
    end

    it("is taken after 100 Continue: " .. case.name, function()
      local early = "HTTP/1.1 100 Continue\r\n\r\n"
      local faulty <close> = server.start { { send = early .. early .. case.good() } }
      expect.created(case, case.create(case.client(faulty.url)))
    end)
  end

  for _, case in ipairs(providers.creates) do
    it("may have blanks around its JSON text: " .. case.name, function()
      expect.created(case, answered(case, { body = " \r\n\t" .. case.body() .. "\r\n " }))
    end)

    it("may not begin with a byte order mark: " .. case.name, function()
      local body = "\xEF\xBB\xBF" .. case.body()
      expect.failure("unknown", "protocol", answered(case, { body = body }))
    end)

    it("may have members that nobody knows, which are kept: " .. case.name, function()
      local result = expect.created(case, answered(case, {
        changes = { further = '{"a":[1,2.5,"x",null,[]]}', another = "true" },
      }))
      assert.is_true(result.another)
      assert.equal(1, result.further.a[1])
      assert.equal("integer", math.type(result.further.a[1]))
      assert.equal(2.5, result.further.a[2])
      assert.equal("x", result.further.a[3])
      assert.equal(null, result.further.a[4])
      assert.same({}, result.further.a[5])
    end)

    it("may name its type in upper case, with a charset, or not at all: " .. case.name,
      function()
        local charset = case.type .. "; charset=UTF-8"
        for _, name in ipairs { case.type:upper(), charset, "application/json", false } do
          expect.created(case, answered(case, { type = name }))
        end
      end)
  end

  it("may have its members in another order: clumio create_wallet", function()
    local body = '{"token":"t","stack_version":3,"state":"Waiting","id":"w-1","account_native_id":"'
      .. answers.asked.account_native_id .. '"}'
    expect.created(providers.clumio, answered(providers.clumio, { body = body }))
  end)

  it("may have its members in another order: ecl create_account", function()
    local body = '{"SecretKey":"s","CreateTime":"2019-10-04T07:11:55.000+00:00","AcctName":"'
      .. answers.asked.tenant_id .. '@ecl.ntt.com","AccessKey":"a","Password":"p","AcctNum":12345}'
    expect.created(providers.ecl, answered(providers.ecl, { body = body }))
  end)

  it("may be null where a member is optional: clumio create_wallet", function()
    local wallet = expect.created(providers.clumio, answered(providers.clumio, {
      changes = { key_errors = "null", role_arn = "null", installed_regions = "null",
        _embedded = "null", _links = "null", token = "null", available_version = "null" },
    }))
    assert.is_nil(wallet.role_arn)
    assert.is_nil(wallet.token)
    assert.is_nil(wallet.installed_regions)
  end)

  it("may be null where a member is optional: commvault create_s3_vault", function()
    local vault = assert(answered(providers.commvault, {
      changes = {
        addEndpointJob = "null",
        response = answers.vault_response { errorMessage = "null", warningCode = "null" },
      },
    }))
    assert.is_nil(vault.addEndpointJob)
    assert.is_nil(vault.response.errorMessage)
  end)

  it("may be null where a member is optional: astra create_account", function()
    local account = expect.created(providers.astra, answered(providers.astra, {
      changes = { enabledTimestamp = "null", accountContact = "null" },
    }))
    assert.is_nil(account.enabledTimestamp)
  end)
end)

describe("a member of another type than documented", function()
  it("is taken where it does no harm: astra isEnabled as a boolean", function()
    local account, failure = answered(providers.astra, { changes = { isEnabled = "true" } })
    assert(account, tostring(failure))
    assert.equal("666a3f38-d4fa-5b62-a391-a69029758d32", account.id)
    assert.equal("true", tostring(account.isEnabled))
  end)

  it("is taken where it does no harm: astra's status as a number", function()
    local problem = answers.astra_problem(401, 4, { status = "401" })
    local failure = expect.failure("refused", "auth", answered(providers.astra, {
      status = 401,
      type = "application/problem+json",
      body = problem,
    }))
    assert.equal(401, failure.status)
    assert.truthy(tostring(failure):find("idempotent", 1, true))
  end)

  it("is taken as an integer: ecl AcctNum as text", function()
    local account = assert(answered(providers.ecl, { changes = { AcctNum = '"12345"' } }))
    assert.equal(12345, account.AcctNum)
    assert.equal("integer", math.type(account.AcctNum))
  end)

  for _, case in ipairs(providers.creates) do
    it("leaves unknown where it names the thing: " .. case.name, function()
      expect.failure("unknown", "protocol",
        answered(case, { changes = { [case.identity] = "[true]" } }))
    end)
  end
end)

describe("a problem", function()
  local types = {
    { "as documented", "application/problem+json" },
    { "with a charset", "application/problem+json; charset=utf-8" },
    { "in upper case", "APPLICATION/PROBLEM+JSON" },
    { "as plain JSON", "application/json" },
    { "left out", false },
  }

  for _, pair in ipairs(types) do
    it("is read with its type " .. pair[1], function()
      local failure = expect.failure("refused", "conflict", answered(providers.astra, {
        status = 409,
        type = pair[2],
        body = answers.astra_problem(409, 10),
      }))
      assert.truthy(tostring(failure):find("idempotent", 1, true))
    end)
  end
end)

describe("an answer that is too big", function()
  local fault = faults.blanks

  for _, case in ipairs(providers.creates) do
    it("is given up at the limit, with 64 MB of blanks: " .. case.name, function()
      local faulty <close> = server.start(fault.orders(case))
      expect.failure("unknown", "protocol", case.create(case.client(faulty.url)))
      assert.equal(1, faulty:creates())
      assert.is_true(faulty:connections()[1].sent < 40 << 20)
    end)

    it("is measured by max_response: " .. case.name, function()
      local size = #case.body()
      local faulty <close> = server.start { { send = case.good(), finish = "keep" } }
      expect.created(case, case.create(case.client(faulty.url, { max_response = size })))
      expect.failure("unknown", "protocol",
        case.create(case.client(faulty.url, { max_response = size - 1 })))
    end)
  end
end)

describe("headers", function()
  for _, case in ipairs(providers.creates) do
    it("are known by any spelling, folded or not: " .. case.name, function()
      local result = expect.created(case, answered(case, {
        type = false,
        headers = { "cOnTeNt-tYpE: " .. case.type, "X-Folded: one", "\ttwo", "X-Empty:" },
      }))
      local headers = coffer.response(result).headers
      assert.equal(case.type, headers["content-type"])
      assert.equal("", headers["x-empty"])
      assert.truthy(headers["x-folded"]:find "^one")
    end)

    it("may tell twice when to come back: " .. case.name, function()
      local failure = expect.failure("refused", "throttled", answered(case, {
        status = 429,
        headers = { "RETRY-AFTER: 3", "retry-after: 5" },
        body = case.error_body(),
      }))
      assert.truthy(failure.retry_after == 3 or failure.retry_after == 5)
    end)
  end
end)

describe("an answer whose first header line is folded", function()
  local case = providers.clumio
  local good = case.good()
  local status_line, rest = good:match "^(.-\r\n)(.*)$"

  --- It may be read or not, which is libcurl's to say; not sent or refused it is not.
  local function bears(result, failure)
    if result then
      return expect.created(case, result, failure)
    end
    return expect.failure("unknown", "protocol", result, failure, failure.code)
  end

  local function answer_each(...)
    local orders = { ... }
    for i, bytes in ipairs(orders) do
      orders[i] = { send = bytes, finish = "keep" }
    end
    return server.start(orders)
  end

  local places = {
    { "of a blank", status_line .. " folded: x\r\n" .. rest },
    { "of a tab and much text", status_line .. "\t" .. ("x"):rep(3000) .. "\r\n" .. rest },
    { "of blanks alone", status_line .. "   \r\n" .. rest },
    { "behind a 100", "HTTP/1.1 100 Continue\r\n folded\r\n\r\n" .. good },
    { "behind a bare 100", "HTTP/1.1 100 Continue\r\n\r\n" .. status_line .. " x\r\n" .. rest },
    { "of a refusal", "HTTP/1.1 403 Forbidden\r\n x\r\nContent-Length: 2\r\n\r\n{}" },
  }

  for _, place in ipairs(places) do
    it("does the next one no harm: " .. place[1], function()
      local bytes = place[2]
      local faulty <close> = answer_each(good, bytes, good, bytes, bytes, good)
      local client = case.client(faulty.url)
      local calls = {}
      for i = 1, 6 do
        calls[i] = table.pack(case.create(client))
      end
      for _, i in ipairs { 1, 3, 6 } do
        expect.created(case, calls[i][1], calls[i][2])
      end
      if place[1] ~= "of a refusal" then
        for _, i in ipairs { 2, 4, 5 } do
          bears(calls[i][1], calls[i][2])
        end
      end
      assert.equal(6, faulty:creates())
    end)
  end

  it("differs from one that is folded further down, or in a long line's blanks", function()
    local folded = status_line .. "X-One: " .. ("y"):rep(16384 - 7) .. " z\r\n w\r\n" .. rest
    local faulty <close> = answer_each(good, folded, folded)
    local client = case.client(faulty.url)
    for _ = 1, 3 do
      expect.created(case, case.create(client))
    end
  end)
end)
