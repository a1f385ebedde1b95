-- What specs ask of a call's answer, in one line each.

local assert = require "luassert"
local providers = require "providers"

local expect = {}

local canaries = {}
for _, case in ipairs(providers.creates) do
  canaries[#canaries + 1] = case.token
  for _, secret in pairs(case.secrets or {}) do
    canaries[#canaries + 1] = secret
  end
end

--- The text gives no secret away.
function expect.no_canary(text)
  for _, canary in ipairs(canaries) do
    assert.is_nil(text:find(canary, 1, true), "a secret shows in: " .. text)
  end
end

--- The fields of a failure that docs/failures.md has in its table.
local documented = {}
local page <close> = assert(io.open "docs/failures.md")
for names in page:read("a"):match("\n## Fields\n(.-)\n## "):gmatch "\n| (`[^|]*) |" do
  for name in names:gmatch "`([%w_]+)`" do
    documented[name] = true
  end
end

--- The failure has no field that is not documented, such as what is only for coffer itself.
function expect.documented(failure)
  for name in pairs(failure) do
    assert.is_true(documented[name], "not a field of a failure: " .. tostring(name))
  end
end

--- The call failed with this outcome and code (nil: any), as every failure does; answers it.
function expect.failure(outcome, code, result, failure, word)
  assert.is_nil(result)
  assert.equal("table", type(failure))
  assert.equal(outcome, failure.outcome, "outcome of: " .. tostring(failure))
  assert.equal(failure.code, word)
  if code then
    assert.equal(code, failure.code, "code of: " .. tostring(failure))
  end
  local line = tostring(failure)
  assert.is_nil(line:find("[%c]"), "more than one readable line")
  expect.no_canary(line)
  expect.documented(failure)
  return failure
end

--- The call gave this case's thing.
function expect.created(case, result, failure)
  assert(result ~= nil, "not created: " .. tostring(failure))
  assert.is_nil(failure)
  assert.is_true(case.recognise(result), "not the thing that was answered")
  return result
end

return expect
