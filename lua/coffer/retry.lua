--- What is sent again by itself, when, and how often. A create is sent again
-- only when it was provably not sent, or refused for coming too fast.
local retry = {}

-- Seconds.
local BASE_CONNECT, BASE_BUSY = 0.1, 1
local LONGEST_PAUSE = 20

--- A provider that asks for more patience than this is not waited for.
retry.LONGEST_RETRY_AFTER = 120

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
  return random() * math.min(LONGEST_PAUSE, base * 2 ^ (attempt - 1))
end

local network = { unreachable = true, timeout = true, tls = true }

--- The answers after which a read may be asked for again. A redirect or a
-- refusal would be the same the next time.
local function may_pass(status)
  return not status or status < 300 or status == 408 or status >= 500
end

--- The base of the pause before another attempt, or nothing where there must be
-- none.
-- @param repeats boolean: the call may be repeated whatever became of it
function retry.base(fields, repeats)
  if fields.is_lasting or fields.code == "cancelled" then
    return nil
  elseif fields.outcome == "not_sent" then
    return network[fields.code] and BASE_CONNECT
  elseif fields.status == 429 then
    return BASE_BUSY
  end
  local may_repeat = repeats and fields.outcome == "unknown" and may_pass(fields.status)
  return may_repeat and ((fields.status or 0) >= 500 and BASE_BUSY or BASE_CONNECT)
end

--- Takes the price of a retry from the quota; false where it is used up.
local function pay(tried, code)
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

--- The seconds to pause before another attempt, or nil for no other attempt.
-- @param fields table: what the failure of the attempt tells
-- @param tried table: { attempts =, most =, repeats =, quota =, random = };
--   gets `paid`
-- @param left number: seconds to the deadline
function retry.next(fields, tried, left)
  local base = retry.base(fields, tried.repeats)
  if not base or tried.attempts >= tried.most then
    return nil
  end
  local pause = fields.retry_after or retry.pause(tried.attempts, base, tried.random)
  if pause > retry.LONGEST_RETRY_AFTER or pause >= left or not pay(tried, fields.code) then
    return nil
  end
  return pause
end

return retry
