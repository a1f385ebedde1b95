-- Every operation bears every kind of JSON value as its answer, at every level and at every status:
-- it gives a result or a failure, and nothing is raised.

local answers = require "answers"
local core = require "coffer.core"
local providers = require "providers"
local server = require "server"

--- Every name that somebody looks for in an answer.
local names = {}
for name in ([[
  errors error response entity errorCode errorMessage errorString errList _links error_code
  error_message _embedded items CVS3Stores jobs jobSummary plans plan metadata continue User
  UserId id AcctNum AcctName token fault faultstring message code cause reason accessToken
  refreshToken name correlationID invalidFields invalidParams problemDetails type title detail
  addEndpointJob jobId state key_errors labels accountContact Password SecretKey
  account_native_id
]]):gmatch "%S+" do
  names[#names + 1] = name
end

--- An object with a member of each name, all of this value.
local function object(value)
  local members = {}
  for i, name in ipairs(names) do
    members[i] = ('"%s":%s'):format(name, value)
  end
  return "{" .. table.concat(members, ",") .. "}"
end

--- The six kinds as they are, and inside objects and lists, one and two levels deep.
local texts = {}
for _, kind in ipairs { "null", "true", "12345", '"Service Unavailable"', "[]", "{}" } do
  local list = "[" .. kind .. "]"
  for _, text in ipairs { kind, list, object(kind), object(list), object(object(kind)),
    "[" .. object(kind) .. "]" } do
    texts[#texts + 1] = text
  end
end

for provider in pairs(core.providers) do
  local case = providers[provider]

  for operation in pairs(core.describe(provider).operations) do
    for _, status in ipairs { 200, 201, 400, 401, 404, 409, 429, 500, 503 } do
      it(("%s %s bears every kind of JSON at %d"):format(provider, operation, status), function()
        local orders = {}
        for i, text in ipairs(texts) do
          orders[i] = answers.keep { status = status, body = text }
        end
        local faulty <close> = server.start(orders)
        local options = case.options_at and case.options_at(faulty.url)
        local client = case.client(faulty.url, options)
        for i, text in ipairs(texts) do
          if status == 429 then -- each would hold its client for longer
            client = case.client(faulty.url, options)
          end
          local result, failure = client[operation](client, case.requests[operation])
          assert(result ~= nil or failure.outcome, text)
          assert.is_string(tostring(failure or result), text)
          assert(status < 400 or result == nil, text)
          assert.equal(i, #faulty:requests())
        end
      end)
    end
  end
end
