--- Whose turn it is: in a Lua state, those who want the same name wait for each
-- other; between processes, those who lock the same file.
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"

local turns = {}

--- Seconds between two looks at a turn, for each who waits for one.
local GLANCE, MAX_GLANCE = 0.01, 1

--- Seconds between two tries to lock a file: they grow.
local MIN_TRY, MAX_TRY, GROWTH = 0.02, 1, 1.5

--- Who has each name: { thread = coroutine, turn = Turn }, weak, so that what
-- is lost keeps nobody out: a coroutine, and a turn of which an interrupt cut
-- off the closing. Shared by all copies of this module.
local holders = core.holders

--- What who had a name has left for those who waited for it, by holder.
local left_by = setmetatable({}, { __mode = "k" })

local waiting = 0 -- how many wait in this copy

local function not_sent(code, phrase)
  return { outcome = "not_sent", code = code, phrase = phrase }
end

--- True where nobody has it, or a coroutine that is over: one that was ended by
-- an error has closed nothing.
local function is_free(name)
  local holder = holders[name]
  local thread = holder and holder.turn and holder.thread
  return not thread or coroutine.status(thread) == "dead"
end

--- The same, when what is lost is gone.
local function is_free_at_last(name)
  collectgarbage()
  return is_free(name)
end

--- Why there is no use in waiting for a name.
local function hopeless(name, what)
  local is_inside = holders[name].thread == coroutine.running()
  if not is_inside and scheduler.current() or is_free_at_last(name) then
    return nil
  elseif is_inside then
    return ("not sent: it was called inside %s, such as by its log function"):format(what)
  end
  return ("not sent: %s is under way in a coroutine that cannot go on meanwhile"):format(what)
end

--- Why waiting is at its end, where the map around it is being stopped: its
-- pauses are none any more.
local function stopped()
  return scheduler.is_stopping() and scheduler.cancelled() or nil
end

--- Waits, for each who has it at most so long, that it stands in a queue itself
-- not counted.
-- @return true, and what the last who had it has left; or nil and the facts of a
--   failure
local function await(name, what, seconds)
  local holder, left
  while not is_free(name) do
    local wrong, stopping = hopeless(name, what), stopped()
    if wrong or stopping then
      return nil, stopping or not_sent("conflict", wrong)
    elseif is_free(name) then
      return true
    elseif holders[name] ~= holder then
      holder, left = holders[name], seconds
    elseif left <= 0 then
      return nil, not_sent("timeout", ("not sent: %s has not ended yet"):format(what))
    end
    local is_queued, begun = scheduler.is_queued(holder.thread), core.clock()
    collectgarbage "step"
    scheduler.sleep(math.min(GLANCE * waiting, MAX_GLANCE))
    left = is_queued and left or left - (core.clock() - begun)
  end
  return true, holder and left_by[holder]
end

local Turn = { __name = "coffer.turn" }
Turn.__index = Turn

--- Nothing yet; all that it takes it gives back when it is closed.
function turns.new()
  return setmetatable({ names = {} }, Turn)
end

--- Takes a name, as soon as nobody else has it.
-- @param what string: what has it meanwhile, for the message
-- @param seconds number: how long to wait for each who has it before
-- @return true, and what was left by who had it before; or nil and the facts
--   of a failure
function Turn:take(name, what, seconds)
  waiting = waiting + 1
  local _ <close> = setmetatable({}, { __close = function() waiting = waiting - 1 end })
  local is_mine, fields = await(name, what, seconds)
  if is_mine then
    local holder = setmetatable({ thread = coroutine.running(), turn = self }, { __mode = "v" })
    self.names[name] = holder
    holders[name] = holder
  end
  return is_mine, fields
end

--- Leaves something for those who wait for a name; nil takes it back.
function Turn:leave(name, left)
  local holder = self.names[name]
  if holder then
    left_by[holder] = left
  end
end

--- Locks a file, as soon as no other process has it.
-- @param till number: the end of the caller's patience, by scheduler.clock()
-- @return true; or nil and the facts of a failure
function Turn:lock(path, till)
  local pause, was_held = MIN_TRY, false
  while true do
    local lock, wrong = core.lock(path)
    if not lock and not wrong and not was_held then
      collectgarbage() -- a lock that an interrupt has lost
      was_held, lock, wrong = true, core.lock(path)
    end
    if lock then
      self.file = lock
      return true
    elseif wrong then
      return nil, not_sent("config", ("not sent: the lock file %s %s"):format(path, wrong))
    end
    local left, stopping = till - scheduler.clock(), stopped()
    if left <= 0 or stopping then
      return nil, stopping or not_sent("timeout", "not sent: another has the lock file " .. path)
    end
    scheduler.sleep(math.min(pause, left))
    pause = math.min(pause * GROWTH, MAX_TRY)
  end
end

function Turn:__close()
  if self.file then
    self.file:close()
  end
  for name, holder in pairs(self.names) do
    if holders[name] == holder then
      holders[name] = nil
    end
  end
end

return turns
