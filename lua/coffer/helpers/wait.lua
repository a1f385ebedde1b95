--- Waiting for a resource to be ready: wallet:wait(), vault:wait(),
-- account:wait(), client:wait_job(). Nothing is ever stopped, killed or
-- deleted by waiting.
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"
local failures = require "coffer.failure"
local need = require "coffer.need"
local progress = require "coffer.progress"
local outside = require "coffer.values.outside"
local text = require "coffer.values.text"
local resources = require "coffer.resources"
local options = require "coffer.options"

local wait = {}

local MAX_LENGTH = 120 -- seconds between two looks
local MAX_ABSENT = 20 -- looks that may say "not found"
local LAST = 1 -- seconds that are left for the last look
local MAX_TEXT = 80 -- bytes of a state in a message

local READY, PARTIAL = "ready", "partial"

--- What each state means, by its name in small letters.
local function meanings(lists)
  local meaning = {}
  for word, states in pairs(lists) do
    for _, state in ipairs(states) do
      meaning[text.lower(state)] = word
    end
  end
  return meaning
end

--- What waiting is for the resources of a provider, by their names, and for what has a number; see
-- docs/providers.md.
local kinds = {}

local function kind_of(provider, name)
  local whose = provider .. "." .. name
  local waiting = need("coffer.providers." .. provider).resources[name].wait
  if not kinds[whose] and waiting then
    local kind = setmetatable({}, { __index = waiting })
    kind.states = meanings(kind.states or {})
    kind.options = options.wait(kind.options)
    kinds[whose] = kind
  end
  return kinds[whose]
end

local lasting = { auth = true, config = true, invalid = true, cancelled = true }
local passing = { not_found = true, throttled = true }

--- True for a failure of a look that another look will not mend. A handshake
-- that was cut off is none.
local function is_final(failure)
  if failure.code == "tls" then
    return failures.final[failure]
  end
  return lasting[failure.code] or failure.outcome == "refused" and not passing[failure.code]
end

--- Takes secrets out of what an answer says of a state.
local function scrub(request, facts)
  if not request then
    return
  end
  facts.phrase = request:scrub(facts.phrase)
  for _, detail in ipairs(facts.details or {}) do
    detail.message = detail.message and request:scrub(detail.message)
    detail.code = type(detail.code) == "string" and request:scrub(detail.code) or detail.code
  end
end

--- A failure of wait, with why its last look failed, where it did.
local function report(watch, facts)
  local last = watch.failure
  facts.provider, facts.operation = watch.provider, "wait"
  facts.key = watch.subject and { jobId = watch.subject }
    or { id = outside.code(rawget(watch.resource, "id")) }
  facts.error, facts.came_of = last and last.message, last or watch.seen
  scrub(core.origins[facts.came_of], facts)
  local failure, code = failures.new(facts, watch.looks)
  if last then
    failure.details, failure.status, failure.request_id = last.details, last.status, last.request_id
  end
  return nil, failure, code
end

local function line_of(watch, state)
  return ("%s: %s, %d s"):format(text.line(tostring(watch.resource), MAX_TEXT),
    text.line(state, MAX_TEXT), math.floor(scheduler.clock() - watch.begun))
end

--- Tells of a look; see option on_progress.
-- @param failure failure or nil: why nothing was seen
local function tell(watch, state, failure)
  progress.show(line_of, watch, state)
  if watch.options.on_progress then
    watch.options.on_progress { state = state, seconds = scheduler.clock() - watch.begun,
                                looks = watch.looks, failure = failure }
  end
end

local function undocumented(state)
  local shown = type(state) == "string" and ('"%s"'):format(text.line(state, MAX_TEXT))
    or outside.text(state)
  return { outcome = "unknown", code = "protocol",
           phrase = ("its state is %s, which is not documented"):format(shown) }
end

--- What was seen, settled: nothing while it is pending, else what wait gives
-- back.
local function judge(watch, found, state)
  local meaning = type(state) == "string" and watch.kind.states[text.lower(state)] or nil
  watch.ready = meaning == READY and watch.ready + 1 or 0
  watch.errors = watch.errors + (meaning == PARTIAL and 1 or 0)
  if watch.ready >= watch.options.sightings then
    return true, found
  elseif not meaning then
    return true, nil, undocumented(state)
  elseif watch.errors > (watch.options.errors or 0) then
    return true, nil, { outcome = "refused", code = "partial",
                        phrase = "it exists, but is not ready",
                        details = { watch.kind.detail(found, watch.subject) } }
  end
end

--- A look that showed nothing: as long as that may pass, nothing is said.
local function excuse(watch, failure)
  watch.is_absent = not failure or failure.code == "not_found"
  watch.absent = watch.absent + (watch.is_absent and 1 or 0)
  watch.ready = 0
  -- the last look is cut by the time-out: the one before tells more
  if not (failure and watch.failure and failure.code == "timeout") then
    watch.failure = failure
  end
  tell(watch, "not seen", failure)
  if failure and is_final(failure) then
    return true, nil, failure
  elseif watch.absent > MAX_ABSENT then
    return true, nil, { outcome = "unknown", code = "not_found", phrase = "it is not to be found" }
  end
end

--- An answer that came whole.
local function read(watch, seen)
  local found, wrong = seen, nil
  if watch.kind.read then
    found, wrong = watch.kind.read(seen, watch.subject)
  end
  local state = core.member(found, watch.kind.state)
  if not found and not wrong then
    return excuse(watch)
  end
  watch.failure, watch.is_absent = nil, false
  if outside.is_absent(state) then
    tell(watch, "no " .. watch.kind.state)
    return true, nil, { outcome = "unknown", code = "protocol",
                        phrase = wrong or "its answer tells no " .. watch.kind.state }
  end
  watch.last = type(state) == "string" and state or outside.text(state)
  tell(watch, watch.last)
  return judge(watch, found, state)
end

--- One look.
-- @return is_over, what was found, the facts of a failure or a failure
local function look(watch)
  watch.call_options.deadline = math.max(watch.till - scheduler.clock(), 0.001)
  local seen, failure = watch.kind.look(watch.client, watch.resource, watch.call_options,
    watch.subject)
  watch.looks, watch.seen = watch.looks + 1, seen
  if seen == nil then
    return excuse(watch, failure)
  end
  return read(watch, seen)
end

--- The pause before the next look: random, from a least that doubles, but not
-- while nothing is found. The last look comes shortly before the end, and there
-- is no pause behind it.
local function pause(watch)
  local left = watch.till - scheduler.clock()
  local least = watch.is_absent and watch.shortest or watch.least
  local most = math.min(least * 2, watch.longest)
  local seconds = least + math.random() * (most - least)
  watch.least = watch.is_absent and least or most
  if watch.is_last or left <= 0 then
    return nil
  elseif seconds >= left then
    watch.is_last = true
    return math.max(left - LAST, left / 2)
  end
  return seconds
end

local function watch_of(kind, resource, client, provider, given)
  local taken = options.with_defaults(kind.options, given)
  local now, shortest = scheduler.clock(), taken.interval
  return {
    kind = kind, resource = resource, client = client, provider = provider, options = taken,
    call_options = options.of_group(kind.options, given, "call"),
    begun = now, till = now + taken.timeout, shortest = shortest, least = shortest,
    longest = math.max(MAX_LENGTH, shortest), looks = 0, absent = 0, ready = 0, errors = 0,
  }
end

local function timed_out(watch)
  local seen = watch.last and text.line(watch.last, MAX_TEXT) or "not seen"
  if watch.last and (watch.failure or watch.is_absent) then
    seen = ("not seen, and %s before"):format(seen)
  end
  return report(watch, { outcome = "unknown", code = "timeout",
    phrase = ("not ready after %d looks: %s"):format(watch.looks, seen) })
end

local function run(watch)
  local _ <close> = setmetatable({}, { __close = progress.clear })
  while true do
    local is_over, found, facts = look(watch)
    if is_over and found then
      core.origins[found] = core.origins[found] or core.origins[watch.seen]
      return watch.kind.gives_resource and watch.resource or found
    elseif is_over and failures.is(facts) then
      return nil, facts, facts.code
    elseif is_over then
      return report(watch, facts)
    end
    local seconds = pause(watch)
    if not seconds then
      return timed_out(watch)
    end
    scheduler.sleep(seconds)
  end
end

--- The wait method of a kind of resource, or nil.
--   wallet:wait { timeout = 600, interval = 2, sightings = 1, on_progress = f }
-- waits until it is ready: seconds in all, seconds before the second look,
-- how often in a row it has to be seen ready, a function that is told of each
-- look; of a wallet also `errors`, how many looks may show an Error.
-- @return the resource as it was seen last; or nil, failure, code
function wait.method(provider, name)
  local kind = kind_of(provider, name)
  local whose = name .. ":wait"
  return kind and function(self, given)
    local client = resources.client_of(self, whose)
    options.check(whose, kind.options, given)
    local watch = watch_of(kind, self, client, provider, given)
    if kind.subject then
      local facts
      watch.subject, facts = kind.subject(self)
      if facts then
        facts.outcome, facts.code, watch.seen = "refused", "partial", self
        return report(watch, facts)
      elseif not watch.subject then
        return self -- there is nothing to wait for
      end
    end
    return run(watch)
  end
end

--- A method of a provider's clients that waits for what has a number, such as
-- client:wait_job(jobId, options); see wait.method.
-- @return what tells its state, as it was seen last; or nil, failure, code
local function numbered(provider, name, method)
  local whose = provider .. ":" .. name
  local kind = kind_of(provider, method.waits)
  return function(self, parameters, given)
    options.check(whose, kind.options, given)
    local prepared, failure, code = self:request(method.operation, parameters)
    if not prepared then
      return nil, failure, code
    end
    local number = outside.number(type(parameters) == "table" and parameters[method.parameter]
      or parameters)
    local title = ("%s %s %s"):format(provider, method.waits, number)
    local resource = setmetatable({}, { __tostring = function() return title end })
    local watch = watch_of(kind, resource, self, provider, given)
    watch.subject = number
    if not number then
      return report(watch, { outcome = "not_sent", code = "invalid", details = {
        { field = method.parameter, message = ("must be the number of a %s, more than 0")
          :format(method.waits) } } })
    end
    return run(watch)
  end
end

--- What waits for more than a result: methods of a provider's clients, by name.
function wait.methods(provider)
  local methods = {}
  for name, method in pairs(need("coffer.providers." .. provider).wait_methods or {}) do
    methods[name] = numbered(provider, name, method)
  end
  return methods
end

return wait
