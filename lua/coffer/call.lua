--- One call: the core's single attempts, and between them what retry.lua and
-- credentials.lua say.
local answer = require "coffer.answer"
local core = require "coffer.core"
local credentials = require "coffer.credentials"
local failures = require "coffer.failure"
local guarded = require "coffer.guarded"
local interrupted = require "coffer.interrupted"
local pace = require "coffer.pace"
local retry = require "coffer.retry"
local scheduler = require "coffer.scheduler"

local call = {}

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

-- An error behind the send --------------------------------------------------

--- What is raised where memory ends behind the send, and nothing can be made.
-- A client keeps that of a call that went well for the next one.
local function spare_of(state, operation, request)
  local spare = state.spare
  local failure = spare and spare.failure
  if failure and failure.operation == operation.name then
    state.spare = nil
    failure.key, failure.attempts = request:key(failure.key), 1
    return spare
  end
  return interrupted {
    cause = "not enough memory",
    failure = failures.new({
      outcome = "unknown", code = "cancelled", provider = state.provider,
      operation = operation.name, key = request:key(),
      phrase = "sent, and cut off before the answer was handed over",
    }, 1),
  }
end

--- What has come of a request so far; nothing where it was never sent.
local function abort(request, provider, operation)
  local result, facts = request:abort()
  if result ~= nil or facts then
    return answer.judge(provider, operation, request, result, facts)
  end
end

--- What came of a request that was cut off, where it is in doubt.
local function doubt_of(request, spare, operation)
  local provider = spare.failure.provider
  local is_judged, result, facts = pcall(abort, request, provider, operation)
  if not is_judged or result ~= nil then -- coffer.response(failure) has it
    facts = { outcome = "unknown", code = "cancelled", key = request:key(),
              phrase = "answered, and cut off before the answer was handed over" }
  end
  if facts and facts.outcome == "unknown" then
    facts.provider, facts.operation = provider, operation.name
    return (failures.new(facts, spare.failure.attempts, request))
  end
end

--- True for an error that tells what is in doubt already.
local function tells_doubt(cause)
  return type(cause) == "table" and failures.is(rawget(cause, "failure"))
end

--- An error, with what is known of the request that it cut off.
local function tell(cause, request, spare, _, operation)
  local failure = not tells_doubt(cause) and doubt_of(request, spare, operation)
  return failure and interrupted { cause = cause, failure = failure } or cause
end

--- What each coroutine that is inside call.whole has sent last: { depth =,
-- request =, spare =, doubt = the Interrupted of an earlier one that is in doubt }.
local journals = setmetatable({}, { __mode = "k" })
local has_journals = false -- whether there ever was one

--- The same for a helper of several calls: its last create, or an earlier one
-- that is in doubt.
local function tell_of_journal(cause, journal)
  local raised = journal.request
    and tell(cause, journal.request, journal.spare, nil, journal.operation) or cause
  if raised == cause and journal.doubt and not tells_doubt(cause) then
    journal.doubt.cause = cause
    return journal.doubt
  end
  return raised
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
  local journal = journals[coroutine.running()]
  if journal then
    journal.request, journal.spare, journal.operation = request, spare, operation
  end
end

--- Notes the first failure of a create that leaves it in doubt.
local function note_doubt(failure)
  local journal = failure.outcome == "unknown" and journals[coroutine.running()]
  if journal and not journal.doubt then
    journal.doubt = interrupted { cause = "not enough memory", failure = failure }
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

local function wait_for_turn(state)
  return scheduler.take_turn() or pace.turn(state.pace)
end

--- Waits until it is this call's turn, which takes nothing from its time.
-- @return nothing; or the facts of a failure where it has none
local function take_turn(state)
  return scheduler.queue(wait_for_turn, state)
end

--- What time is left.
-- @return the facts of a failure where it is too little, else nil; the seconds that are left; and
--   when that was, by core.clock()
local function time_left(till, least)
  local now, sent = scheduler.clock()
  if till - now < least then
    return { outcome = "not_sent", code = "timeout", phrase = "not sent: no time is left" }
  end
  return nil, till - now, sent
end

--- Waits for a token, which may have to be got, and for the turn behind it.
-- @return nothing; or the facts of a failure where there is none
local function take_token_turn(state, till)
  local is_ready, facts = credentials.ready(state, till)
  if not is_ready then
    return facts
  end
  return pace.is_held(state.pace) and take_turn(state) or nil
end

--- Sees to it that the call may be sent now, with a token and time to live.
-- @return as `time_left`
local function ready(state, operation, till, least)
  local facts
  if state.pace.is_on or scheduler.current() then
    facts = take_turn(state)
  end
  if not facts and state.source and not operation.is_public then
    facts = time_left(till, least) or take_token_turn(state, till)
  end
  if facts then
    return facts
  end
  return time_left(till, least)
end

--- Notes an answer for the client's pace.
-- @param sent number: when the request was, by core.clock()
-- @param since number: when the call's attempt before it was, or this one
local function note_answer(state, facts, sent, since)
  if not facts.status then
    return
  elseif facts.code ~= "throttled" then
    return pace.note(state.pace)
  end
  facts.is_spared = state.pace.answered >= since
  if pace.is_news(state.pace, sent) then
    pace.hold(state.pace,
      retry.hold(facts.retry_after, pace.strikes(state.pace), math.random))
  else
    pace.prolong(state.pace, facts.retry_after or 0)
  end
  if (facts.retry_after or 0) > retry.MAX_RETRY_AFTER then
    pace.close(state.pace)
  end
  facts.hold = pace.left(state.pace)
end

--- One attempt, with a token and a line for the log.
-- @param till number: the end of the caller's patience, by scheduler.clock()
-- @param least number: the time to live with which nothing is sent
-- @param number integer: counts the attempts
-- @param spare table or nil: see spare_of; nil where nothing can be in doubt
-- @param before number or nil: when the attempt before was sent
-- @return result, facts, the number of attempts there have been, and when it was sent
local function attempt(state, operation, request, till, least, number, spare, before)
  local result, facts, sent
  repeat
    local refusal, left, now = ready(state, operation, till, least)
    if refusal then
      refusal.is_final = true
      return nil, refusal, number - 1
    elseif spare and has_journals then
      note_in_journal(request, spare, operation)
    end
    sent = now
    result, facts = answer.judge(state.provider, operation, request,
      scheduler.exchange(state.client, request, left))
    if facts then
      note_answer(state, facts, sent, before or sent)
    else
      pace.note(state.pace)
    end
  until not (facts and facts.lacks_descriptors and scheduler.make_room())
  if result and operation.meaning.is_token then
    take_token(state, operation, result)
  end
  if state.log then
    state.log(state, { operation = operation, request = request,
      facts = facts, number = number, seconds = core.clock() - sent })
  end
  return result, facts, number, sent
end

-- All attempts --------------------------------------------------------------

--- Sees to it that a refused token has been replaced, which happens once a call.
local function has_new_token(state, operation, request, facts, tried)
  if facts.status ~= 401 or operation.is_public or tried.has_renewed then
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
-- @param facts table: those of the first one
-- @param sent number: when that was sent
-- @return as `attempt`, and what the last retry took from the quota
local function persist(state, operation, request, tried, facts, sent)
  local result
  repeat
    if not has_new_token(state, operation, request, facts, tried) then
      local pause = retry.next(facts, tried, tried.till - scheduler.clock())
      if not pause then
        return nil, facts, tried.attempts
      elseif pause > 0 then
        scheduler.sleep(pause)
      end
    end
    if tried.spare then
      tried.spare.failure.attempts = tried.attempts + 1
    end
    local before = facts
    result, facts, tried.attempts, sent = attempt(state, operation, request, tried.till,
      tried.least, tried.attempts + 1, tried.spare, sent)
    if result == nil and says_less(facts, before) then
      return nil, before, tried.attempts
    end
  until result ~= nil
  return result, facts, tried.attempts, tried.paid
end

--- The deadline of a call with options of its own, and the least time to live.
local function limits_of(state, options)
  local deadline = options.deadline or state.deadline
  return deadline,
    retry.least_time(wholes[options] or deadline, options.timeout or state.timeout)
end

--- All attempts.
-- @return as `persist`
local function try(state, operation, request, options, spare)
  local deadline, least = state.deadline, state.least
  if options then
    deadline, least = limits_of(state, options)
  end
  local till = scheduler.clock() + deadline
  local result, facts, attempts, sent =
    attempt(state, operation, request, till, least, 1, spare)
  if result ~= nil then
    return result, facts, attempts
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
  return persist(state, operation, request, tried, facts, sent)
end

--- All of a call but for what becomes of an error in it.
local function run(state, operation, request, options, spare)
  local result, facts, attempts, paid = try(state, operation, request, options, spare)
  if result ~= nil then
    retry.refund(state.quota, paid)
    state.spare = spare or state.spare
  end
  if type(result) == "table" then
    core.origins[result] = request
  end
  if not facts then
    return result
  end
  facts.provider, facts.operation = state.provider, operation.name
  local failure, code = failures.new(facts, attempts, request)
  if spare then
    note_doubt(failure)
  end
  return result, failure, code
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
