--- Waiting for a thing to be ready: wallet:wait(), vault:wait(),
-- account:wait(). Nothing is ever stopped, killed or deleted by waiting.
local core = require "coffer.core"
local drive = require "coffer.drive"
local failure = require "coffer.failure"
local path = require "coffer.path"
local thing_client = require "coffer.thing_client"
local policy = require "coffer.policy"

local wait = {}

local TIMEOUT = 600 -- seconds
local SHORTEST, LONGEST = 2, 120 -- seconds between two looks
local MOST_ABSENT = 20 -- looks that may say "not found"
local LAST = 1 -- seconds that are kept for the last look

-- What a state means. A state that is in none of these lists is nothing that
-- anybody has documented, and an error at once.
local READY, PENDING, PARTIAL = "ready", "pending", "partial"

local function meanings(lists)
  local meaning = {}
  for word, states in pairs(lists) do
    for _, state in ipairs(states) do
      meaning[state] = word
    end
  end
  return meaning
end

local wallet = {
  states = meanings { ready = { "Enabled" }, pending = { "Waiting" }, partial = { "Error" } },
  look = function(client, thing, options)
    return client:refresh_wallet(thing.id, options)
  end,
  state = function(seen)
    return seen.state
  end,
  detail = function(seen)
    return { code = seen.error_code, message = seen.error_message }
  end,
}

local account = {
  states = meanings {
    ready = { "active" }, pending = { "pending" }, partial = { "deletePending" },
  },
  look = function(client, thing, options)
    return client:get_account(thing.id, options)
  end,
  state = function(seen)
    return seen.state
  end,
  detail = function(seen)
    return { message = "the account's state is " .. tostring(seen.state) }
  end,
}

--- What a list of jobs tells of one.
local function summary_of(seen, job)
  for _, listed in ipairs(seen.jobs or {}) do
    if listed.jobSummary.jobId == nil or listed.jobSummary.jobId == job then
      return listed.jobSummary
    end
  end
end

--- The job that installs a vault's end points. A fresh job may not be in the
-- list yet.
local vault = {
  subject = function(thing)
    local job = path.get(thing, "addEndpointJob.jobId")
    local code = path.get(thing, "addEndpointJob.response.errorCode")
    if job and job > 0 then
      return job
    elseif code ~= nil and code ~= 0 and code ~= "NO_ERROR" then
      local message = path.get(thing, "addEndpointJob.response.errorMessage")
      return nil, { outcome = "refused", code = "partial",
                    said = "it exists, but the job of its end points could not start",
                    details = { { code = code, message = message } } }
    end
  end,
  states = meanings {
    ready = { "Completed", "Completed w/ one or more warnings" },
    pending = {
      "Running", "Running (cannot be verified)", "Waiting", "Pending", "Queued", "Interrupted",
      "Interrupt Pending", "Kill Pending",
    },
    partial = {
      "Completed w/ one or more errors", "Committed", "Failed", "Failed to Start", "Killed",
      "Suspend", "Suspended", "Suspend Pending",
    },
  },
  look = function(client, _, options, job)
    return client:get_job(job, options)
  end,
  state = function(seen, job)
    local summary = summary_of(seen, job)
    return summary and summary.status
  end,
  detail = function(seen, job)
    local summary = summary_of(seen, job)
    local reason = summary.pendingReason
    return {
      code = summary.status,
      message = ("job %s of the end points: %s%s"):format(tostring(summary.jobId), summary.status,
        type(reason) == "string" and reason ~= "" and ", " .. reason or ""),
    }
  end,
}

--- A vault of a list tells of no job: there is nothing known to wait for.
local listed = {
  subject = function()
    return nil
  end,
}

local kinds = {
  ["clumio.wallet"] = wallet, ["commvault.vault"] = vault, ["commvault.listed vault"] = listed,
  ["astra.account"] = account,
}

local lasting = { auth = true, config = true, invalid = true, tls = true, cancelled = true }
local passing = { not_found = true, throttled = true }

--- True for a failure of a look that another look will not mend.
local function is_lasting(trouble)
  return lasting[trouble.code] or trouble.outcome == "refused" and not passing[trouble.code]
end

local function report(watch, fields)
  fields.provider, fields.operation = watch.provider, "wait"
  fields.key = watch.subject and { jobId = watch.subject } or { id = rawget(watch.thing, "id") }
  return nil, failure.new(fields, watch.looks), fields.code
end

--- One line that is written over, on a terminal only.
local function show_progress(watch, state)
  if core.is_terminal "stderr" then
    io.stderr:write(("\r%s: %s, %d s \27[K"):format(tostring(watch.thing), state:gsub("%c", " "),
      math.floor(core.clock() - watch.begun)))
  end
end

local function end_progress()
  if core.is_terminal "stderr" then
    io.stderr:write "\r\27[K"
  end
end

--- Tells of a state; see option on_progress.
local function tell(watch, state)
  watch.last = state
  show_progress(watch, state)
  if watch.options.on_progress then
    watch.options.on_progress { state = state, seconds = core.clock() - watch.begun,
                                looks = watch.looks }
  end
end

--- What was seen, settled: nothing while it is pending, else what wait gives
-- back.
local function judge(watch, seen, state)
  local meaning = watch.kind.states[state]
  watch.ready = meaning == READY and watch.ready + 1 or 0
  if watch.ready >= (watch.options.sightings or 1) then
    return true, seen
  elseif meaning == PARTIAL then
    return true, nil, { outcome = "refused", code = "partial",
                        said = "it exists, but is not ready",
                        details = { watch.kind.detail(seen, watch.subject) } }
  elseif meaning ~= PENDING and meaning ~= READY then
    return true, nil, { outcome = "unknown", code = "protocol",
                        said = ("its state is %q, which is not documented"):format(state) }
  end
end

--- A look that showed nothing: as long as that may pass, nothing is said.
local function excuse(watch, trouble)
  local is_absent = not trouble or trouble.code == "not_found"
  watch.absent = watch.absent + (is_absent and 1 or 0)
  watch.ready = 0
  if trouble and is_lasting(trouble) then
    return true, nil, trouble
  elseif watch.absent > MOST_ABSENT then
    return true, nil, { outcome = "unknown", code = "not_found", said = "it is not to be found" }
  end
end

--- One look.
-- @return is_over, seen, fields of a failure or a failure
local function look(watch)
  local left = math.max(watch.till - core.clock(), 0.001)
  local seen, trouble = watch.kind.look(watch.client, watch.thing, { deadline = left },
    watch.subject)
  watch.looks = watch.looks + 1
  local state = seen and watch.kind.state(seen, watch.subject)
  if not state then
    tell(watch, "not seen")
    return excuse(watch, trouble)
  end
  tell(watch, state)
  return judge(watch, seen, state)
end

--- The pause before the next look: random, from a least that doubles. The
-- last look comes shortly before the end, and there is no pause behind it.
local function pause(watch)
  local least, left = watch.least, watch.till - core.clock()
  watch.least = math.min(least * 2, watch.longest)
  local seconds = least + math.random() * (watch.least - least)
  if watch.is_last or left <= 0 then
    return nil
  elseif seconds >= left then
    watch.is_last = true
    return math.max(left - LAST, left / 2)
  end
  return seconds
end

local function watch_of(kind, thing, client, provider, options)
  local now = core.clock()
  return {
    kind = kind, thing = thing, client = client, provider = provider, options = options,
    begun = now, till = now + (options.timeout or TIMEOUT), least = options.interval or SHORTEST,
    longest = math.max(LONGEST, options.interval or 0), looks = 0, absent = 0, ready = 0,
  }
end

local function timed_out(watch)
  return report(watch, { outcome = "unknown", code = "timeout",
    said = ("not ready after %d looks: %s"):format(watch.looks, watch.last) })
end

local function run(watch)
  while true do
    local is_over, seen, fields = look(watch)
    if is_over and seen then
      return watch.subject and watch.thing or seen
    elseif is_over and failure.is(fields) then
      return nil, fields, fields.code
    elseif is_over then
      return report(watch, fields)
    end
    local seconds = pause(watch)
    if not seconds then
      return timed_out(watch)
    end
    drive.sleep(seconds)
  end
end

--- The wait method of a kind of thing, or nil.
--   thing:wait { timeout = 600, interval = 2, sightings = 1, on_progress = f }
-- waits until it is ready: seconds in all, seconds before the second look,
-- how often in a row it has to be seen ready, a function that is told of each
-- look.
-- @return the thing as it was seen last; or nil, failure, code
function wait.method(provider, name)
  local kind = kinds[provider .. "." .. name]
  local whose = name .. ":wait"
  return kind and function(self, options)
    local client = thing_client.of(self, whose)
    policy.check_all(whose, options,
      { "timeout", "interval", "sightings", "on_progress" }, core.nearest)
    local watch = watch_of(kind, self, client, provider, options or {})
    if kind.subject then
      local trouble
      watch.subject, trouble = kind.subject(self)
      if trouble then
        return report(watch, trouble)
      elseif not watch.subject then
        return self -- there is nothing to wait for
      end
    end
    local _ <close> = setmetatable({}, { __close = end_progress })
    return run(watch)
  end
end

return wait
