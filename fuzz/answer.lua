-- Whatever comes back: a call gives a result or a failure, a create is sent once, what is printed
-- has no token. The first byte chooses the call; the rest is
-- the answer.
local calls = require "calls"
local coffer = require "coffer"
local show = require "coffer.helpers.show"

local outcomes = { not_sent = true, refused = true, unknown = true }

local url = "http://127.0.0.1:" .. server.listen()

--- What a user might print of what came back.
local function check_texts(case, ...)
  for _, value in ipairs { ... } do
    for _, text in ipairs { tostring(value), show.text(value) } do
      assert(not text:find(case.token, 1, true), "the token is told")
      assert(utf8.len(text), "what is printed is no text")
    end
  end
end

local function check(call, result, failure, code)
  if failure then
    assert(outcomes[failure.outcome] or result ~= nil, "a failure without an outcome")
    assert(type(code) == "string" and code == failure.code, "a failure without its code")
    assert(failure.outcome ~= "not_sent" or result ~= nil, "it was sent: " .. tostring(failure))
  else
    assert(result ~= nil, "neither a result nor a failure")
  end
  check_texts(call.case, result, failure)
  local response = coffer.response(failure or result)
  assert(not response or type(response.body) == "string")
end

return function(bytes)
  local call = calls[(bytes:byte() or 0) % #calls + 1]
  local options = call.case.options_at and call.case.options_at(url) or {}
  options.timeout = 10
  local client <close> = call.case.client(url, options)
  local before = server.requests()
  server.set(bytes:sub(2))
  local result, failure, code = client[call.operation](client, call.parameters)
  check(call, result, failure, code)
  local count = server.requests() - before
  assert(count == 1, ("%s was sent %d times: %s"):format(call.operation, count, failure))
end
