--- The one place where failures are made: facts, which the core and the modules here tell, become
-- the fields that users see, and are put into words.
local core = require "coffer.core"
local hint = require "coffer.hint"
local names_in = require "coffer.values.names"
local text = require "coffer.values.text"

local failure = {}

local MAX_LINE, MAX_KEY = 400, 160 -- bytes

local MAX_DETAILS = 3 -- told in one line; all are in `details`

local function detail_text(detail)
  local words = detail.message or ""
  if detail.field then
    words = detail.field .. " " .. words
  end
  if detail.code ~= nil then
    words = ("%s (%s)"):format(words, detail.code)
  end
  return words
end

local function details_text(details)
  local texts = {}
  for i = 1, math.min(#details, MAX_DETAILS) do
    texts[i] = detail_text(details[i])
  end
  if #details > MAX_DETAILS then
    texts[#texts + 1] = ("and %d more"):format(#details - MAX_DETAILS)
  end
  return table.concat(texts, "; ")
end

--- What happened, without provider, operation and code.
local function message(facts, list)
  local details = details_text(list)
  if not facts.phrase then
    return details
  end
  local parts = { facts.phrase }
  if facts.status then
    parts[1] = ("%s (HTTP %d%s)"):format(facts.phrase, facts.status,
      facts.media_type and ", " .. facts.media_type or "")
  end
  parts[#parts + 1] = facts.target and "to " .. facts.target
  parts[#parts + 1] = hint.add(facts.error, facts.code)
  parts[#parts + 1] = details ~= "" and details or nil
  return table.concat(parts, ": ")
end

local function key_text(key)
  local names = names_in(key)
  for i, name in ipairs(names) do
    names[i] = ("%s = %s"):format(name, key[name])
  end
  return table.concat(names, ", ")
end

--- True for a failure that leaves it open whether something was done at the provider.
function failure.is_in_doubt(made)
  return made.outcome == "unknown" and made.code ~= "raised"
end

--- How many failures of a list leave their items in doubt, and the first that does.
-- @param list table: failures by index, with gaps
-- @param total integer: the highest index
function failure.doubts(list, total)
  local count, first = 0, nil
  for i = 1, total do
    if list[i] and failure.is_in_doubt(list[i]) then
      count, first = count + 1, first or list[i]
    end
  end
  return count, first
end

--- What the line ends with, whatever stands before it: the code, and what to do
-- where nobody knows.
local function tail_of(self)
  local tail = (" [%s]"):format(self.code)
  if not failure.is_in_doubt(self) then
    return tail
  end
  tail = tail .. " - the outcome is unknown"
  return self.key and ("%s: look for %s"):format(tail, text.line(key_text(self.key), MAX_KEY))
    or tail
end

local Failure = { __name = "coffer.failure" }

function Failure:__tostring()
  local who = self.provider or "coffer"
  if self.operation then
    who = who .. " " .. self.operation
  end
  local tail = text.clean(tail_of(self))
  return text.line(("%s: %s"):format(who, self.message), MAX_LINE - #tail) .. tail
end

function Failure.__concat(left, right)
  return tostring(left) .. tostring(right)
end

--- The failures of calls that another call would not mend.
failure.final = setmetatable({}, { __mode = "k" })

--- True for a failure of coffer.
function failure.is(value)
  local metatable = getmetatable(value)
  return type(metatable) == "table" and metatable.__name == Failure.__name
end

--- The facts that are a failure's fields as they are; docs/failures.md says what they mean.
local fields = {
  "outcome", "code", "provider", "operation", "status", "request_id", "location", "retry_after",
  "key", "cause",
}

--- Makes a failure of the facts of an attempt, or of what kept one from being made. Beside its
-- fields, these are
--   phrase          what happened, in words; the details follow
--   error           what libcurl says of it, or another failure
--   media_type      of an answer that cannot be read
--   target          the host that a redirect leads to
--   is_final        another call would not mend it,
--   is_passing        unless this is true as well
--   came_of         the result or the failure whose answer it is about
-- and what is of no account here: `lacks_descriptors`, `is_spared`, `hold`.
-- @param attempts integer: how many times the request was tried
-- @param request userdata or nil: the core's, which is sent no more
-- @return the failure, and its code
function failure.new(facts, attempts, request)
  local made = { attempts = attempts, details = facts.details or {} }
  made.message = text.clean(message(facts, made.details))
  for _, name in ipairs(fields) do
    made[name] = facts[name]
  end
  failure.final[made] = facts.is_final and not facts.is_passing
  core.origins[made] = request or core.origins[facts.came_of]
  if request then
    request:forget_secrets()
  end
  return setmetatable(made, Failure), made.code
end

return failure
