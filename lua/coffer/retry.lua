--- What is sent again by itself, when, and how often. A create is sent again
-- only when it was provably not sent, or refused for coming too fast.
local retry = {}

-- Seconds.
local BASE_CONNECT, BASE_BUSY = 0.1, 1
local MAX_PAUSE = 20

--- A provider that asks for more patience than this is not waited for.
retry.MAX_RETRY_AFTER = 120

-- A 429 that does not say for how long, in seconds; and what random time comes
-- on top of a Retry-After, as a part of it.
local HOLD, ON_TOP = 1, 0.1

--- How often a 429 of a living server costs a call none of its attempts.
local MAX_SPARED = 30

-- Nothing is sent with less to live than this, in seconds, nor with less than
-- its time-out and this part of its deadline.
local MIN_TIME, MIN_PART = 1, 1 / 2

--- The least time to live with which an attempt is made.
-- @param deadline number: of the whole call, of which this may be a part
-- @param timeout number or nil: of one attempt
function retry.least_time(deadline, timeout)
  return math.min(MIN_TIME, timeout or MIN_TIME, deadline * MIN_PART)
end

-- The quota of a client: a retry takes from it, a success gives back.
local QUOTA, PRICE, PRICE_TIMEOUT = 100, 5, 10

--- The quota of a new client.
function retry.quota()
  return { left = QUOTA }
end

--- How long to pause before the next attempt: full jitter.
-- @param attempt integer: how many there were
-- @param base number: seconds
-- @param random function: math.random or its like
function retry.pause(attempt, base, random)
  return random() * math.min(MAX_PAUSE, base * 2 ^ (attempt - 1))
end

--- How long to pause where the provider has told for how long: never shorter
-- than the pause would have been without, and not all at the same time.
-- @param asked number or nil: Retry-After
-- @param drawn number: what retry.pause gave
function retry.asked_pause(asked, drawn, random)
  if not asked then
    return drawn
  end
  return math.max(asked, drawn) + random() * ON_TOP * asked
end

--- How long a client holds back after a 429.
-- @param number integer: how many holds there were in a row, with this one
function retry.hold(asked, number, random)
  return retry.asked_pause(asked or HOLD, retry.pause(number, BASE_BUSY, random), random)
end

local network = { unreachable = true, timeout = true, tls = true }

--- The answers after which a read may be asked for again. A redirect or a
-- refusal would be the same the next time.
local function may_pass(status)
  return not status or status < 300 or status == 408 or status >= 500
end

--- The base of the pause before another attempt, or nothing where there must be
-- none.
-- @param may_repeat boolean: the call may be repeated whatever became of it
function retry.base(fields, may_repeat)
  if fields.is_final or fields.code == "cancelled" then
    return nil
  elseif fields.outcome == "not_sent" then
    return network[fields.code] and BASE_CONNECT
  elseif fields.code == "throttled" then
    return BASE_BUSY
  end
  local is_worth_it = may_repeat and fields.outcome == "unknown" and may_pass(fields.status)
  return is_worth_it and ((fields.status or 0) >= 500 and BASE_BUSY or BASE_CONNECT)
end

--- Takes the price of a retry from the quota; false where it is used up. A 429
-- is free: it comes from a server that lives, and says when.
local function pay(tried, fields)
  if fields.code == "throttled" then
    return true
  end
  local code = fields.code
  local price = code == "timeout" and PRICE_TIMEOUT or PRICE
  if tried.quota.left < price then
    return false
  end
  tried.quota.left = tried.quota.left - price
  tried.paid = price
  return true
end

--- A success gives back what the call's last retry took, or a little.
-- @param paid number or nil: what it took
function retry.refund(quota, paid)
  if quota.left < QUOTA then
    quota.left = math.min(QUOTA, quota.left + (paid or 1))
  end
end

--- True when the call has an attempt left. A 429 takes none as long as others
-- of the client are answered: it was not its turn.
local function has_attempts(fields, tried)
  if fields.is_spared and tried.most > 1 and tried.spared < MAX_SPARED then
    tried.spared = tried.spared + 1
  end
  return tried.attempts - tried.spared < tried.most
end

--- The seconds to pause before another attempt, or nil for no other attempt.
-- @param fields table: what the failure of the attempt tells; a `hold` is for
--   all calls of the client and need not be slept here
-- @param tried table: { attempts =, most =, spared =, may_repeat =, quota =,
--   random = }; gets `paid`
-- @param left number: seconds to the deadline
function retry.next(fields, tried, left)
  local base = retry.base(fields, tried.may_repeat)
  if not base or (fields.retry_after or 0) > retry.MAX_RETRY_AFTER
    or not has_attempts(fields, tried) then
    return nil
  end
  local pause = fields.hold or retry.asked_pause(fields.retry_after,
    retry.pause(tried.attempts, base, tried.random), tried.random)
  if pause >= left or not pay(tried, fields) then
    return nil
  end
  return fields.hold and 0 or pause
end

return retry
