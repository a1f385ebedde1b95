--- Where a client's token comes from when it was not given as such: a
-- function, a file, or a log-in; and when it is asked for again.
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"
local failures = require "coffer.failure"
local guarded = require "coffer.guarded"
local need = require "coffer.need"
local pace = require "coffer.pace"
local rfc3339 = require "coffer.values.rfc3339"

local credentials = {}

--- A token is taken for expired so many seconds before it is.
local EARLY = 60

--- How long callers wait between looks at a renewal that is under way.
local GLANCE = 0.01

--- A log-in that was refused is not tried again for so many seconds: each one
-- more could lock the account.
local HOLD = 60

--- What a call is told that gets no token.
-- @param failure failure or nil: of the log-in, of which some holds here as well
local function facts_of(phrase, code, failure)
  failure = failure or {}
  return {
    outcome = "not_sent", code = code or "auth", phrase = phrase,
    details = failure.details, retry_after = failure.retry_after, request_id = failure.request_id,
  }
end

--- Facts that each of several callers may have for its own.
local function copy(facts)
  local own = {}
  for name, value in pairs(facts) do
    own[name] = value
  end
  own.details = {}
  for i, detail in ipairs(facts.details or {}) do
    own.details[i] = { code = detail.code, message = detail.message, field = detail.field }
  end
  return own
end

--- The log-in of a provider, or nil; see docs/providers.md.
local function log_in_of(provider)
  return need("coffer.providers." .. provider).log_in
end

local function has_all(given, needs)
  for _, name in ipairs(needs) do
    if given[name] == nil then
      return false
    end
  end
  return true
end

--- The parameters of a provider's log-in from the client's settings, or nil:
-- with a token of its own a client may have but half of them.
-- @param operation string: for this operation only
function credentials.parameters(client, provider, operation)
  local log_in = log_in_of(provider)
  local given = core.settings(client, "credentials")
  if log_in and given and log_in.operation == operation and has_all(given, log_in.needs) then
    return log_in.parameters(given, core.settings(client, "parameters") or {})
  end
end

--- Seconds that a token lives, where the answer tells. Both times are the
-- provider's, so the clock of this machine does not matter.
local function life(meaning, result)
  local between = meaning.life
  local from = between and rfc3339.seconds(core.member(result, between.from))
  local till = between and rfc3339.seconds(core.member(result, between.till))
  return from and till and till - from
end

--- Takes the new token of a result; see `is_token` in docs/providers.md.
-- @return true; or nil and why it can be no token
function credentials.adopt(state, operation, result)
  local is_set, wrong = core.set_token(state.client, result[operation.meaning.proof])
  if is_set then
    local seconds = life(operation.meaning, result)
    state.expires = seconds and core.clock() + math.max(seconds - EARLY, seconds / 2)
    state.refused = nil
  end
  state.no_token = wrong
  return is_set, wrong
end

local function from_function(take)
  return function(state)
    local is_done, token = guarded.call(take)
    if not is_done then
      return nil, facts_of "the token function raised an error"
    end
    local is_set, wrong = core.set_token(state.client, token)
    if not is_set then
      return nil, facts_of("the token function gave what no token can be: it " .. wrong)
    end
    return true
  end
end

local function from_file(file)
  return function(state)
    local token, wrong = core.read_token(file)
    if token then
      token, wrong = core.set_token(state.client, token)
    end
    if not token then
      return nil, facts_of(("the token file %s %s"):format(file, wrong), "config")
    end
    return true
  end
end

--- Wipes the secrets of a result that nobody has seen.
local function wipe(value)
  for _, member in pairs(value) do
    local metatable = type(member) == "userdata" and getmetatable(member)
    if type(member) == "table" then
      wipe(member)
    elseif type(metatable) == "table" and metatable.__name == "coffer.secret" then
      member:wipe()
    end
  end
end

--- Forgets the password that was sent, and the token that came, which the client
-- has by now. Whoever is given the result by `on_tokens` may keep that.
local function forget(state, result, failure)
  local request = core.origins[result or failure]
  local is_all = failure or not state.on_tokens
  if result and is_all then
    wipe(result)
  end
  if request then
    request:forget(is_all)
  end
end

--- What the failure of a log-in is to the call that it was for.
local function no_token(failure)
  if failure.outcome == "refused" and #failure.details > 0 then
    return facts_of(("no token: the log-in was refused (HTTP %d)"):format(failure.status),
      failure.code, failure)
  end
  local facts = facts_of("no token: " .. failure.message, failure.code, failure)
  facts.details, facts.is_passing = nil, not failures.final[failure]
  return facts
end

--- The facts of a failure while a refusal holds. The provider may have asked for more time than
-- that.
local function held_back(refused)
  local now = core.clock()
  local facts, left = copy(refused.facts), math.ceil(refused.till - now)
  local asked = math.ceil((facts.retry_after or 0) - (now - refused.since))
  facts.phrase = ("%s; it was refused before and is not tried again for %d s"):format(facts.phrase,
    left)
  facts.retry_after = math.max(left, asked)
  return facts
end

--- Keeps a refusal, so that the next callers get the same without another log-in.
local function refuse(state, facts)
  local now = core.clock()
  state.refused = { facts = facts, since = now, till = now + HOLD }
  return nil, copy(facts)
end

--- The log-in may last as long as the call that it is for.
local function from_log_in(log_in)
  return function(state, till)
    if state.refused and core.clock() < state.refused.till then
      return nil, held_back(state.refused)
    end
    state.refused, state.no_token = nil, nil
    local parameters = credentials.parameters(state.client, state.provider, log_in.operation)
    local result, failure = state.call(log_in.operation, parameters,
      { deadline = math.max(till - scheduler.clock(), 0.001) })
    forget(state, result, failure)
    if not result then
      local facts = no_token(failure)
      if failure.outcome == "refused" and failure.code ~= "throttled" then
        return refuse(state, facts)
      end
      return nil, facts
    elseif state.no_token then
      return refuse(state, facts_of("the log-in gave what no token can be: it " .. state.no_token))
    end
    return true
  end
end

--- What gives a client its tokens, or nil where it has one for good.
-- @param options table: the constructor's
function credentials.source(client, provider, options)
  if type(options.token) == "function" then
    return from_function(options.token)
  elseif options.token_file then
    return from_file(options.token_file)
  end
  local log_in = log_in_of(provider)
  if log_in and credentials.parameters(client, provider, log_in.operation) then
    return from_log_in(log_in)
  end
end

local function is_ready(state)
  local is_fresh = not state.expires or core.clock() < state.expires
  return core.token_generation(state.client) and is_fresh
end

--- What came of the last renewal, each caller's failure being its own.
local function renewed(state)
  if state.renewed then
    return true
  end
  return nil, copy(state.renewal_facts)
end

--- Waits for what comes of the renewal that another caller has begun.
local function await(state, till)
  if state.renewing == coroutine.running() then
    return nil, facts_of "the token function called the client that it is to give a token"
  end
  repeat -- a hold keeps the other one waiting as well
    if pace.is_held(state.pace) then
      scheduler.queue(scheduler.sleep, GLANCE)
    else
      scheduler.sleep(GLANCE)
    end
  until not state.renewing or scheduler.clock() >= till
  if state.renewing then
    return nil, facts_of("no token: another caller is still waiting for it", "timeout")
  end
  return renewed(state)
end

--- Gets a token. Of many callers at once, one does it and the others wait for
-- what comes of it.
local function renew(state, till)
  if state.renewing then
    return await(state, till)
  end
  state.renewing = coroutine.running()
  local _ <close> = setmetatable({}, { __close = function() state.renewing = nil end })
  state.renewed, state.renewal_facts = nil, facts_of "the renewal of the token was cut off"
  state.renewed, state.renewal_facts = state.source(state, till)
  return renewed(state)
end

--- Sees to it that there is a token.
-- @param till number: the end of the caller's patience, by scheduler.clock()
-- @return true; or nil and what a failure tells
function credentials.ready(state, till)
  if not state.source or is_ready(state) then
    return true
  end
  return renew(state, till)
end

--- After a 401: true when there is another token than the refused one.
-- @param refused integer: the generation of the token that was refused
function credentials.again(state, refused, till)
  if not state.source then
    return false
  end
  local is_renewed = core.token_generation(state.client) ~= refused -- by another caller
  return is_renewed or renew(state, till) and core.token_generation(state.client) ~= refused
end

return credentials
