-- One call against a fault server of its own: what a caller gets of an answer, and what of a call
-- arrives. A case is one of providers.lua; a call is a function of the client, the case's own
-- where none is given.

local assert = require "luassert"
local cjson = require("cjson").new()
local providers = require "providers"
local server = require "server"

local loopback = {}

--- A client that tries once: what is asked about is one answer.
local function client_of(case, faulty, options)
  local given = { attempts = 1 }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return case.client(faulty.url, given)
end

--- Result, failure and code of a call that is answered so: the case's good answer, with the
--- options of answers.http and with changes of its body.
function loopback.answer(case, options, call)
  local faulty <close> = server.start { { send = case.good(options) } }
  return (call or case.create)(client_of(case, faulty))
end

--- The failure of a call that is answered with this status and body.
function loopback.refuse(case, status, body, options)
  local given = { status = status, body = body }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  local result, failure = loopback.answer(case, given)
  assert.is_nil(result)
  return failure
end

--- The request that a call made, `fields` being its body as lua-cjson reads it.
function loopback.sent(case, call, options)
  local faulty <close> = server.start { { send = case.good() } }
  local result, failure = (call or case.create)(client_of(case, faulty, options))
  assert(result, tostring(failure))
  local request = assert(faulty:requests()[1])
  request.fields = request.body_size > 0 and cjson.decode(request.body) or nil
  return request
end

--- The failure of a call that is refused before anything is sent.
function loopback.refused(case, call, options)
  local faulty <close> = server.start { { send = case.good() } }
  local result, failure, word = call(client_of(case, faulty, options))
  assert.is_nil(result, "taken, though it should be refused")
  assert.equal("not_sent", failure.outcome)
  assert.equal("invalid", failure.code)
  assert.equal("invalid", word)
  assert.equal(0, #faulty:connections())
  return failure
end

--- The message of an error that a function raises, with a client whose server sees nothing of it.
function loopback.raised(case, call)
  local faulty <close> = server.start { { send = case.good() } }
  local done, trouble = pcall(call, client_of(case, faulty))
  assert.is_false(done, "nothing was raised")
  assert.equal(0, #faulty:connections())
  return tostring(trouble)
end

--- What a wallet's member of no documented name is read as, for each of these JSON texts: lists of
--- values and of failures.
function loopback.read(texts)
  local case = providers.refresh
  local orders = {}
  for i, text in ipairs(texts) do
    orders[i] = { send = case.good { body = '{"id":"w-1","further":' .. text .. "}" } }
    orders[i].finish = "keep"
  end
  local faulty <close> = server.start(orders)
  local client = client_of(case, faulty)
  local values, failures = {}, {}
  for i = 1, #texts do
    local wallet, failure = case.create(client)
    values[i], failures[i] = wallet and wallet.further, failure
  end
  return values, failures
end

--- The JSON texts of these values, as they go out as further members of a wallet.
function loopback.write(values)
  local case = providers.clumio
  local faulty <close> = server.start { { send = case.good(), finish = "keep" } }
  local client = client_of(case, faulty)
  for _, value in ipairs(values) do
    assert(case.create(client, { extra = { further = value } }))
  end
  local texts = {}
  for i, request in ipairs(faulty:requests()) do
    texts[i] = request.body:match '"further":(.*)}$'
  end
  return texts
end

--- The detail of a failure that names this field.
function loopback.detail(failure, field)
  for _, detail in ipairs(failure.details) do
    if detail.field == field then
      return detail
    end
  end
end

return loopback
