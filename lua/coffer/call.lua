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
  fields.is_lasting, fields.is_crowded = nil, nil
  local told = failure.new(fields, attempts)
  call.origins[told] = request
  return told, told.code
end

local function about(state, operation, fields)
  fields.provider = fields.provider or state.provider
  fields.operation = operation.name
  return fields
end

--- Hands a new token to whoever keeps tokens, before anything else happens.
local function take_token(state, operation, result)
  if state.on_tokens and not pcall(state.on_tokens, result) then
    warn "coffer: on_tokens raised an error; the new tokens are in the result"
  end
  credentials.adopt(state, operation, result)
end

--- True when a request may go out; else what a failure tells.
local function ready(state, operation, tried)
  local is_ready, fields = true, nil
  if not operation.is_public then
    is_ready, fields = credentials.ready(state, tried.till)
  end
  if is_ready and core.clock() >= tried.till then
    is_ready = false
    fields = { outcome = "not_sent", code = "timeout", said = "not sent: no time is left" }
  end
  if not is_ready then
    fields.is_lasting = true
    return false, about(state, operation, fields)
  end
  return true
end

--- The error of a call that was cut off in the midst of it, by Ctrl-C or a hook:
-- { cause =, failure = }. It reads as its cause, and tells what is in doubt.
local Cut = { __name = "coffer.cut" }

function Cut:__tostring()
  return ("%s\n%s"):format(tostring(self.cause), tostring(self.failure))
end

--- Goes on with an error, with what is known of the request that it cut off.
local function go_on(state, operation, request, tried, cause)
  local _, fields = request:cut()
  if not fields or fields.outcome ~= "unknown" or operation.repeats then
    error(cause, 0)
  end
  local told = call.report(about(state, operation, fields), tried.attempts, request)
  error(setmetatable({ cause = cause, failure = told }, Cut), 0)
end

--- One exchange; see coffer.drive.
local function exchange(state, operation, request, tried)
  local seconds = math.max(tried.till - core.clock(), 0.001)
  local is_done, result, fields = pcall(drive.exchange, state.client, request, seconds)
  if is_done then
    return result, fields
  end
  return go_on(state, operation, request, tried, result)
end

--- One attempt, with a token and a line for the log.
-- @return result, fields
local function attempt(state, operation, request, tried)
  local is_ready, trouble = ready(state, operation, tried)
  if not is_ready then
    return nil, trouble
  end
  tried.attempts = tried.attempts + 1
  tried.generation = core.token_generation(state.client)
  local begun = core.clock()
  local result, told = exchange(state, operation, request, tried)
  if result and operation.token then
    take_token(state, operation, result)
  end
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
  return credentials.again(state, tried.generation, tried.till)
end

--- Attempts until one of them settles it.
local function settle(state, operation, request, tried)
  while true do
    local result, fields = attempt(state, operation, request, tried)
    if result ~= nil then
      retry.refund(tried)
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
  if fields then
    return result, call.report(fields, tried.attempts, request)
  end
  return result
end

return call
