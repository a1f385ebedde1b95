--- One call: the core's single attempts, and between them what retry.lua and
-- credentials.lua say.
local core = require "coffer.core"
local credentials = require "coffer.credentials"
local drive = require "coffer.drive"
local failure = require "coffer.failure"
local log = require "coffer.log"
local retry = require "coffer.retry"

local call = {}

--- The request that a result or a failure came from. Shared by all copies of
-- this module, should it be loaded twice; so are the clients' states.
call.origins = core.origins

--- Makes a failure that remembers what it came from.
function call.report(fields, attempts, request)
  local told = failure.new(fields, attempts)
  call.origins[told] = request
  return told, told.code
end

local function about(state, operation, fields)
  fields.provider = fields.provider or state.provider
  fields.operation = operation.name
  return fields
end

--- One attempt, with a token and a line for the log.
-- @return result, fields, whether it was sent
local function attempt(state, operation, request, tried)
  local has_token, fields = true, nil
  if not operation.is_public then
    has_token, fields = credentials.ready(state)
  end
  if not has_token then
    fields.is_lasting = true
    return nil, about(state, operation, fields)
  end
  tried.attempts = tried.attempts + 1
  tried.generation = core.token_generation(state.client)
  local begun = core.clock()
  local result, told = drive.exchange(request, math.max(tried.till - begun, 0.001))
  if state.log then
    log.attempt(state, { operation = operation, request = request, fields = told,
      number = tried.attempts, seconds = core.clock() - begun })
  end
  return result, told
end

--- True when a refused token has been replaced, which happens once a call.
local function has_new_token(state, operation, fields, tried)
  if fields.status ~= 401 or operation.is_public or tried.has_renewed then
    return false
  end
  tried.has_renewed = true
  return credentials.again(state, tried.generation)
end

--- Attempts until one of them settles it.
local function settle(state, operation, request, tried)
  while true do
    local result, fields = attempt(state, operation, request, tried)
    if result ~= nil then
      retry.refund(state.quota)
      return result, fields
    end
    if not has_new_token(state, operation, fields, tried) then
      tried.left = tried.till - core.clock()
      local pause = retry.next(fields, tried)
      if not pause then
        return nil, fields
      end
      drive.sleep(pause)
    end
  end
end

--- Hands a new token to whoever keeps tokens, before anything else happens.
local function take_token(state, operation, result)
  if state.on_tokens and not pcall(state.on_tokens, result) then
    warn "coffer: on_tokens raised an error; the new tokens are in the result"
  end
  credentials.adopt(state, operation, result)
end

--- Sends a prepared request as often as it may be.
-- @param state table: the client's
-- @param operation table: as the core describes it
-- @param request userdata: the core's
-- @param options table or nil: the call's `attempts` and `deadline`
-- @return result; or nil, failure, code; or result, failure, code
function call.send(state, operation, request, options)
  local limits = options or state
  local tried = {
    attempts = 0,
    most = limits.attempts or state.attempts,
    till = core.clock() + (limits.deadline or state.deadline),
    repeats = operation.repeats,
    quota = state.quota,
    random = math.random,
  }
  local result, fields = settle(state, operation, request, tried)
  if type(result) == "table" then
    call.origins[result] = request
  end
  if result and operation.token then
    take_token(state, operation, result)
  end
  if fields then
    return result, call.report(fields, tried.attempts, request)
  end
  return result
end

return call
