--- One call: the core's single attempts, and between them what retry.lua and
-- credentials.lua say.
local answer = require "coffer.answer"
local core = require "coffer.core"
local credentials = require "coffer.credentials"
local scheduler = require "coffer.scheduler"
local failure = require "coffer.failure"
local guarded = require "coffer.guarded"
local pace = require "coffer.pace"
local retry = require "coffer.retry"
local text = require "coffer.values.text"

local call = {}

--- The request that a result or a failure came from. Shared by all copies of
-- this module, should it be loaded twice; so are the clients' states.
call.origins = core.origins

--- For the options of a call that is a part of something longer: the deadline
-- of the whole.
local wholes = setmetatable({}, { __mode = "k" })

--- Gives the options of a call that is a part of something longer the time that
-- is left for it. That it is little is no reason to send with next to none.
-- @param options table: gets `deadline`
-- @param till number: when the whole ends, by scheduler.clock()
-- @param whole number: its deadline, in seconds
-- @return options
function call.part(options, till, whole)
  options.deadline = math.max(till - scheduler.clock(), 0.001)
  wholes[options] = whole
  return options
end

--- The deadline of the whole that these options are for, or their own.
function call.whole_deadline(options)
  return wholes[options] or options.deadline
end

--- Makes a failure that remembers what it came from.
function call.report(fields, attempts, request)
  local is_final = fields.is_final and not fields.is_passing
  fields.is_final, fields.is_passing, fields.lacks_descriptors = nil, nil, nil
  fields.is_spared, fields.hold = nil, nil
  local told = failure.new(fields, attempts)
  failure.final[told] = is_final
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

-- An error behind the send --------------------------------------------------

--- The error of a call that was cut off in the midst of it, by Ctrl-C, a hook or
-- the end of memory: { cause =, failure = }. It reads as its cause, and tells
-- what is in doubt.
local Interrupted = { __name = "coffer.interrupted" }

function Interrupted:__tostring()
  return ("%s\n%s"):format(text.of(self.cause), tostring(self.failure))
end

--- What is raised where memory ends behind the send, and nothing can be made.
-- A client keeps that of a call that went well for the next one.
local function spare_of(state, operation, request)
  local spare = state.spare
  if spare and spare.failure.operation == operation.name then
    state.spare = nil
    local told = spare.failure
    told.key, told.attempts = request:key(told.key), 1
    return spare
  end
  return setmetatable({
    cause = "not enough memory",
    failure = failure.of {
      outcome = "unknown", code = "cancelled", key = request:key(),
      provider = state.provider, operation = operation.name, attempts = 1,
      message = "sent, and cut off before the answer was handed over", details = {},
    },
  }, Interrupted)
end

--- What has come of a request so far; nothing where it was never sent.
local function abort(request, provider, operation)
  local result, fields = request:abort()
  if result ~= nil or fields then
    return answer.judge(provider, operation, request, result, fields)
  end
end

--- What came of a request that was cut off, where it is in doubt.
local function doubt_of(request, spare, operation)
  local is_judged, result, fields = pcall(abort, request, spare.failure.provider, operation)
  if not is_judged or result ~= nil then -- coffer.response(failure) has it
    fields = { outcome = "unknown", code = "cancelled", key = request:key(),
               said = "answered, and cut off before the answer was handed over" }
  end
  if fields and fields.outcome == "unknown" then
    fields.provider, fields.operation = spare.failure.provider, spare.failure.operation
    return (call.report(fields, spare.failure.attempts, request))
  end
end

--- True for an error that tells what is in doubt already.
local function is_told(cause)
  return type(cause) == "table" and failure.is(rawget(cause, "failure"))
end

--- An error, with what is known of the request that it cut off.
local function tell(cause, request, spare, _, operation)
  local told = not is_told(cause) and doubt_of(request, spare, operation)
  return told and setmetatable({ cause = cause, failure = told }, Interrupted) or cause
end

--- What each coroutine that is inside call.whole has sent last: { depth =,
-- request =, spare =, doubt = the Interrupted of an earlier one that is in doubt }.
local journals = setmetatable({}, { __mode = "k" })
local has_journals = false -- whether there ever was one

--- The same for a helper of several calls: its last create, or an earlier one
-- that is in doubt.
local function tell_of_journal(cause, journal)
  local told = journal.request
    and tell(cause, journal.request, journal.spare, nil, journal.operation) or cause
  if told == cause and journal.doubt and not is_told(cause) then
    journal.doubt.cause = cause
    return journal.doubt
  end
  return told
end

--- Runs fn(...), a helper of several calls. Where an error cuts it off behind the
-- answer to one of its creates, that is told as it is for the create itself.
function call.whole(fn, ...)
  local thread = coroutine.running()
  local journal = journals[thread]
  if not journal then
    journal = { depth = 0, request = false, spare = false, operation = false, doubt = false }
    journals[thread], has_journals = journal, true
  end
  return core.hand_over(journal, fn, tell_of_journal, false, ...)
end

--- Notes what is about to be sent.
local function note_in_journal(request, spare, operation)
  local journal = has_journals and journals[coroutine.running()]
  if journal then
    journal.request, journal.spare, journal.operation = request, spare, operation
  end
end

--- Notes the first failure of a create that leaves it in doubt.
local function note_doubt(told)
  local journal = told.outcome == "unknown" and journals[coroutine.running()]
  if journal and not journal.doubt then
    journal.doubt = setmetatable({ cause = "not enough memory", failure = told }, Interrupted)
  end
end

-- One attempt ---------------------------------------------------------------

--- Hands a new token to whoever keeps tokens, before anything else happens.
local function take_token(state, operation, result)
  if state.on_tokens and not guarded.call(state.on_tokens, result) then
    warn "coffer: on_tokens raised an error; the new tokens are in the result"
  end
  credentials.adopt(state, operation, result)
end

--- A failure before anything was sent, which another attempt would not mend.
local function lasting(state, operation, fields, number)
  fields.is_final = true
  return nil, about(state, operation, fields), number - 1
end

local function wait_for_turn(state)
  return scheduler.take_turn() or pace.turn(state.pace)
end

--- Waits until it is this call's turn, which takes nothing from its time.
-- @return nothing; or what a failure tells where it has none
local function take_turn(state)
  return scheduler.queue(wait_for_turn, state)
end

--- The seconds that are left; and what a failure tells where they are too few.
local function time_left(till, least)
  local left = till - scheduler.clock()
  if left < least then
    return left, { outcome = "not_sent", code = "timeout", said = "not sent: no time is left" }
  end
  return left
end

--- Waits for a token, which may have to be got, and for the turn behind it.
-- @return nothing; or what a failure tells where there is none
local function take_token_turn(state, till)
  local is_ready, fields = credentials.ready(state, till)
  if not is_ready then
    return fields
  end
  return pace.is_held(state.pace) and take_turn(state) or nil
end

--- Sees to it that the call may be sent now, with a token and time to live.
-- @return the seconds that are left; and what a failure tells where it may not
local function ready(state, operation, till, least)
  local fields, left
  if state.pace.is_on or scheduler.current() then
    fields = take_turn(state)
  end
  if not fields then
    left, fields = time_left(till, least)
  end
  if fields or not state.source or operation.is_public then
    return left, fields
  end
  fields = take_token_turn(state, till)
  if fields then
    return left, fields
  end
  return time_left(till, least)
end

--- Notes an answer for the client's pace.
-- @param sent number: when the request was, by core.clock()
-- @param since number: when the call's attempt before it was, or this one
local function note_answer(state, fields, sent, since)
  local status = fields.status
  if not status then
    return
  elseif status ~= 429 then
    return pace.note(state.pace)
  end
  fields.is_spared = state.pace.answered >= since
  if pace.is_news(state.pace, sent) then
    pace.hold(state.pace,
      retry.hold(fields.retry_after, pace.strikes(state.pace), math.random))
  else
    pace.prolong(state.pace, fields.retry_after or 0)
  end
  if (fields.retry_after or 0) > retry.MAX_RETRY_AFTER then
    pace.close(state.pace)
  end
  fields.hold = pace.left(state.pace)
end

--- One attempt, with a token and a line for the log.
-- @param till number: the end of the caller's patience, by scheduler.clock()
-- @param least number: the time to live with which nothing is sent
-- @param number integer: counts the attempts
-- @param spare table or nil: see spare_of; nil where nothing can be in doubt
-- @param before number or nil: when the attempt before was sent
-- @return result, fields, the number of attempts there have been, and when it
--   was sent
local function attempt(state, operation, request, till, least, number, spare, before)
  local result, fields, sent
  repeat
    local left, trouble = ready(state, operation, till, least)
    if trouble then
      return lasting(state, operation, trouble, number)
    end
    if spare then
      note_in_journal(request, spare, operation)
    end
    sent = core.clock()
    result, fields = answer.judge(state.provider, operation, request,
      scheduler.exchange(state.client, request, left))
    if fields then
      note_answer(state, fields, sent, before or sent)
    else
      pace.note(state.pace)
    end
  until not (fields and fields.lacks_descriptors and scheduler.make_room())
  if result and operation.meaning.is_token then
    take_token(state, operation, result)
  end
  if state.log then
    state.log(state, { operation = operation, request = request,
      fields = fields, number = number, seconds = core.clock() - sent })
  end
  return result, fields, number, sent
end

-- All attempts --------------------------------------------------------------

--- Sees to it that a refused token has been replaced, which happens once a call.
local function has_new_token(state, operation, request, fields, tried)
  if fields.status ~= 401 or operation.is_public or tried.has_renewed then
    return false
  end
  tried.has_renewed = true
  return credentials.again(state, request:generation(), tried.till)
end

--- True where the last attempt was not sent and an earlier one says more: it has
-- left the outcome in doubt; or it was refused, and no time was left for another.
local function says_less(now, before)
  return now.outcome == "not_sent" and before.outcome ~= "not_sent"
    and (before.outcome == "unknown" or now.code == "timeout")
end

--- Further attempts, until one of them settles it.
-- @param fields table: what the failure of the first one tells
-- @param sent number: when that was sent
-- @return as `attempt`, and what the last retry took from the quota
local function persist(state, operation, request, tried, fields, sent)
  local result
  repeat
    if not has_new_token(state, operation, request, fields, tried) then
      local pause = retry.next(fields, tried, tried.till - scheduler.clock())
      if not pause then
        return nil, fields, tried.attempts
      elseif pause > 0 then
        scheduler.sleep(pause)
      end
    end
    if tried.spare then
      tried.spare.failure.attempts = tried.attempts + 1
    end
    local before = fields
    result, fields, tried.attempts, sent = attempt(state, operation, request, tried.till,
      tried.least, tried.attempts + 1, tried.spare, sent)
    if result == nil and says_less(fields, before) then
      return nil, before, tried.attempts
    end
  until result ~= nil
  return result, fields, tried.attempts, tried.paid
end

--- When the caller's patience ends, by scheduler.clock(), and the least time to live.
local function times_of(state, options)
  if not options then
    return scheduler.clock() + state.deadline, state.least
  end
  local deadline = options.deadline or state.deadline
  local least = retry.least_time(wholes[options] or deadline, options.timeout or state.timeout)
  return scheduler.clock() + deadline, least
end

--- All attempts.
-- @return as `persist`
local function try(state, operation, request, options, spare)
  local till, least = times_of(state, options)
  local result, fields, attempts, sent =
    attempt(state, operation, request, till, least, 1, spare)
  if result ~= nil then
    return result, fields, attempts
  end
  local tried = {
    attempts = attempts, spared = 0,
    most = options and options.attempts or state.attempts,
    till = till, least = least,
    may_repeat = operation.may_repeat,
    quota = state.quota,
    random = math.random,
    spare = spare,
  }
  return persist(state, operation, request, tried, fields, sent)
end

--- All of a call but for what becomes of an error in it.
local function run(state, operation, request, options, spare)
  local result, fields, attempts, paid = try(state, operation, request, options, spare)
  if result ~= nil then
    retry.refund(state.quota, paid)
    state.spare = spare or state.spare
  end
  if type(result) == "table" then
    call.origins[result] = request
  end
  if fields then
    local told, code = call.report(about(state, operation, fields), attempts, request)
    if spare then
      note_doubt(told)
    end
    return result, told, code
  end
  return result
end

--- Sends a prepared request as often as it may be.
-- @param state table: the client's
-- @param operation table: as the core describes it, with its `meaning`
-- @param request userdata: the core's
-- @param options table or nil: the call's `attempts`, `deadline`, `timeout`
-- @return result; or nil, failure, code; or result, failure, code
function call.send(state, operation, request, options)
  if operation.may_repeat then
    return run(state, operation, request, options)
  end
  local spare = spare_of(state, operation, request)
  return core.hand_over(request, run, tell, spare, state, operation, request, options, spare)
end

return call
