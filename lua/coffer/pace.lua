--- How fast a client sends once it was told that it sends too fast (429).
-- Until then nothing holds it back. Then nobody sends for as long as was asked;
-- behind that, one after the other, at the pace that the answers show to work.
-- As in boto3's adaptive mode, a bucket is filled at that pace, which follows
-- CUBIC (RFC 9438): a step back, up to what was too fast, some time there, and
-- further up ever faster.
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"

local pace = {}

local BACK = 0.95 -- of the pace that was too fast, to begin with
local REGAIN = 10 -- seconds until that is reached again
local FIRST, LEAST = 10, 0.5 -- requests a second where nothing is known; at all
local SPAN = 10 -- tenths of a second over which answers are counted
local STEP = 0.25 -- seconds between looks whether all is still as it was

--- The pace of a new client.
function pace.new()
  return {
    is_on = false,
    counts = {}, tenths = {}, -- answers by the last digit of their tenth of a second
    answered = 0, -- when the last one came that was no 429
    begun = 0, till = 0, -- the hold: when it began and when it ends
    closed = 0, -- when one ends that nobody waits for
    strikes = 0, -- holds in a row without an answer between them
    top = FIRST, -- the pace that was too fast
    guessed_till = 0, guessed_over = 1, -- the first hold, in which that is a guess
    issued = 0, served = 0, at = 0, -- turns: taken, and how many have come when
  }
end

--- How many were answered in the last second, a little longer.
-- @return the number, and the seconds
local function count(self, now)
  local tenth, sum = now * 10 // 1 | 0, 0
  for i = tenth - SPAN, tenth do
    local place = i & 15
    sum = sum + (self.tenths[place] == i and self.counts[place] or 0)
  end
  return sum, now - (tenth - SPAN) / 10
end

--- Notes an answer that is no 429.
function pace.note(self)
  local now = core.clock()
  local tenth = now * 10 // 1 | 0
  local place = tenth & 15
  self.answered = now
  if self.tenths[place] ~= tenth then
    self.tenths[place], self.counts[place] = tenth, 0
  end
  self.counts[place] = self.counts[place] + 1
  if now < self.guessed_till then -- it was sent before the hold, and shows more
    self.top = count(self, now) / self.guessed_over
  end
end

--- The pace at a time behind the hold, in requests a second.
local function rate(self, now)
  local part = (now - self.till) / REGAIN - 1
  return math.max(self.top * (1 + (1 - BACK) * part ^ 3), LEAST)
end

--- What is taken for too fast, now that a 429 has come.
local function top(self, now, seconds)
  local answered, span = count(self, now)
  if not self.is_on then
    self.guessed_till, self.guessed_over = now + seconds, math.max(seconds, 1)
    return answered > 0 and answered / self.guessed_over or FIRST
  elseif self.answered < self.begun then
    return self.top / 2
  end
  local last = rate(self, math.max(now, self.till))
  return now - self.till >= 1 and math.min(last, answered / span) or last * BACK
end

--- Lets the turns come that are due.
local function serve(self, now)
  local from = math.max(self.at, self.till)
  if now > from then
    self.served = math.min(self.served + rate(self, now) * (now - from), self.issued)
    self.at = now
  end
end

--- How many holds there were in a row, with one that begins now.
function pace.strikes(self)
  return self.answered >= self.begun and 1 or self.strikes + 1
end

--- True when the request that was sent then is the first to tell of a 429: the
-- others of its crowd say nothing new.
function pace.is_news(self, sent)
  return not self.is_on or sent >= self.begun
end

--- Begins a hold.
-- @param seconds number
function pace.hold(self, seconds)
  local now = core.clock()
  serve(self, now)
  self.top = math.max(top(self, now, seconds), LEAST)
  self.strikes = pace.strikes(self)
  self.is_on, self.begun, self.at = true, now, math.max(self.at, now)
  pace.prolong(self, seconds)
  self.served = self.served + 1 -- the first one goes when the hold ends
end

--- Has a hold last so long, at least.
function pace.prolong(self, seconds)
  self.till = math.max(self.till, core.clock() + seconds)
end

--- Has nobody wait for the end of the hold: it is too far off.
function pace.close(self)
  self.closed = self.till
end

--- True when nobody may send.
function pace.is_held(self)
  return self.is_on and core.clock() < self.till
end

--- The seconds until the hold is over.
function pace.left(self)
  return self.till - core.clock()
end

--- What a failure tells of a call that a hold keeps from being sent.
local function held_back(seconds)
  return { outcome = "not_sent", code = "throttled", is_final = true,
           retry_after = math.ceil(seconds),
           phrase = "not sent: the provider has asked for patience" }
end

--- Seconds until a turn comes.
local function until_turn(self, turn, now)
  local held = math.max(self.till - now, 0)
  if turn <= self.served then
    return held
  end
  return held + (turn - self.served) / rate(self, now + held)
end

--- Waits for the client's next turn.
-- @return nothing; or what a failure tells where there is none to wait for
function pace.turn(self)
  if not self.is_on then
    return nil
  end
  self.issued = self.issued + 1
  local turn, has_driver = self.issued, scheduler.current() ~= nil
  while true do
    local now = core.clock()
    if scheduler.is_stopping() then
      return scheduler.cancelled()
    elseif now < self.closed then
      return held_back(self.closed - now)
    end
    serve(self, now)
    local seconds = until_turn(self, turn, now)
    if seconds <= 0 then
      return nil
    elseif not has_driver then -- nobody else changes anything meanwhile
      scheduler.sleep(seconds)
      return serve(self, now + seconds)
    end
    scheduler.sleep(math.min(seconds, STEP))
  end
end

return pace
