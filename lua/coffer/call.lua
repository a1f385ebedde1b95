--- One call: the core's single attempts, and between them what retry.lua and
-- credentials.lua say.
local answer = require "coffer.answer"
local core = require "coffer.core"
local credentials = require "coffer.credentials"
local drive = require "coffer.drive"
local failure = require "coffer.failure"
local retry = require "coffer.retry"

local call = {}

--- The request that a result or a failure came from. Shared by all copies of
-- this module, should it be loaded twice; so are the clients' states.
call.origins = core.origins

--- Makes a failure that remembers what it came from.
function call.report(fields, attempts, request)
  local is_lasting = fields.is_lasting
  fields.is_lasting, fields.is_crowded = nil, nil
  credentials.explain(fields)
  local told = failure.new(fields, attempts)
  failure.lasting[told] = is_lasting
  if request then
    call.origins[told] = request
    request:forget_secrets()
  end
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

--- A failure before anything was sent, which another attempt would not mend.
local function lasting(state, operation, fields, number)
  fields.is_lasting = true
  return nil, about(state, operation, fields), number - 1
end

--- The error of a call that was cut off in the midst of it, by Ctrl-C or a hook:
-- { cause =, failure = }. It reads as its cause, and tells what is in doubt.
local Cut = { __name = "coffer.cut" }

function Cut:__tostring()
  return ("%s\n%s"):format(tostring(self.cause), tostring(self.failure))
end

--- Goes on with an error, with what is known of the request that it cut off.
local function go_on(state, operation, request, attempts, cause)
  local result, fields = request:cut()
  if result ~= nil then
    result, fields = answer.judge(state.provider, operation, request, result, fields)
  end
  if result ~= nil then -- coffer.response(failure) has it
    fields = { outcome = "unknown", code = "cancelled", key = request:key(),
               said = "answered, and cut off before the answer was handed over" }
  end
  if not fields or fields.outcome ~= "unknown" or operation.repeats then
    error(cause, 0)
  end
  local told = call.report(about(state, operation, fields), attempts, request)
  error(setmetatable({ cause = cause, failure = told }, Cut), 0)
end

--- One attempt, with a token and a line for the log.
-- @param till number: the end of the caller's patience, by core.clock()
-- @param number integer: counts the attempts
-- @param begun number: core.clock() now
-- @return result, fields, and the number of attempts there have been
local function attempt(state, operation, request, till, number, begun)
  if state.source and not operation.is_public then
    local is_ready, fields = credentials.ready(state, till)
    if not is_ready then
      return lasting(state, operation, fields, number)
    end
    begun = core.clock()
  end
  if begun >= till then
    local fields = { outcome = "not_sent", code = "timeout", said = "not sent: no time is left" }
    return lasting(state, operation, fields, number)
  end
  local is_done, result, fields = pcall(drive.exchange, state.client, request, till - begun)
  if not is_done then
    go_on(state, operation, request, number, result)
  end
  result, fields = answer.judge(state.provider, operation, request, result, fields)
  if result and operation.token then
    take_token(state, operation, result)
  end
  if state.log then
    state.log(state, { operation = operation, request = request,
      fields = fields, number = number, seconds = core.clock() - begun })
  end
  return result, fields, number
end

--- Sees to it that a refused token has been replaced, which happens once a call.
local function has_new_token(state, operation, request, fields, tried)
  if fields.status ~= 401 or operation.is_public or tried.has_renewed then
    return false
  end
  tried.has_renewed = true
  return credentials.again(state, request:generation(), tried.till)
end

--- Further attempts, until one of them settles it.
-- @param fields table: what the failure of the first one tells
-- @return as `attempt`, and what the last retry took from the quota
local function persist(state, operation, request, tried, fields)
  local result
  repeat
    if not has_new_token(state, operation, request, fields, tried) then
      local pause = retry.next(fields, tried, tried.till - core.clock())
      if not pause then
        return nil, fields, tried.attempts
      end
      drive.sleep(pause)
    end
    result, fields, tried.attempts = attempt(state, operation, request, tried.till,
      tried.attempts + 1, core.clock())
  until result ~= nil
  return result, fields, tried.attempts, tried.paid
end

--- Sends a prepared request as often as it may be.
-- @param state table: the client's
-- @param operation table: as the core describes it
-- @param request userdata: the core's
-- @param options table or nil: the call's `attempts` and `deadline`
-- @return result; or nil, failure, code; or result, failure, code
function call.send(state, operation, request, options)
  local limits, begun = options or state, core.clock()
  local till = begun + (limits.deadline or state.deadline)
  local paid
  local result, fields, attempts = attempt(state, operation, request, till, 1, begun)
  if result == nil then
    local tried = {
      attempts = attempts,
      most = limits.attempts or state.attempts,
      till = till,
      repeats = operation.repeats,
      quota = state.quota,
      random = math.random,
    }
    result, fields, attempts, paid = persist(state, operation, request, tried, fields)
  end
  if result ~= nil then
    retry.refund(state.quota, paid)
  end
  if type(result) == "table" then
    call.origins[result] = request
  end
  if fields then
    return result, call.report(about(state, operation, fields), attempts, request)
  end
  return result
end

return call
