--- Waiting for a thing to be ready: wallet:wait(), vault:wait(),
-- account:wait(), commvault:wait_job(). Nothing is ever stopped, killed or
-- deleted by waiting.
local core = require "coffer.core"
local drive = require "coffer.drive"
local failure = require "coffer.failure"
local path = require "coffer.path"
local text = require "coffer.text"
local thing_client = require "coffer.thing_client"
local policy = require "coffer.policy"

local wait = {}

local TIMEOUT = 600 -- seconds
local SHORTEST, LONGEST = 2, 120 -- seconds between two looks
local MOST_ABSENT = 20 -- looks that may say "not found"
local LAST = 1 -- seconds that are kept for the last look
local LONGEST_TEXT = 80 -- bytes of a state in a message

-- What a state means. A state that is in none of these lists is nothing that
-- anybody has documented, and an error at once.
local READY, PARTIAL = "ready", "partial"


local function meanings(lists)
  local meaning = {}
  for word, states in pairs(lists) do
    for _, state in ipairs(states) do
      meaning[text.lower(state)] = word
    end
  end
  return meaning
end

local function is_absent(value)
  return value == nil or value == core.null
end

--- A value from outside as text, for people; nil where there is none.
local function text_of(value)
  if is_absent(value) or value == "" then
    return nil
  end
  return type(value) == "table" and "a table" or tostring(value)
end

--- A provider's code is a number or a name.
local function code_of(value)
  return (math.type(value) or type(value) == "string") and value or nil
end

local function whole(seen)
  return seen
end

local wallet = {
  states = meanings { ready = { "Enabled" }, pending = { "Waiting" }, partial = { "Error" } },
  state = "state",
  options = { "errors" },
  look = function(client, thing, options)
    return client:refresh_wallet({ wallet_id = rawget(thing, "id") }, options)
  end,
  read = whole,
  detail = function(seen)
    return { code = code_of(rawget(seen, "error_code")),
             message = text_of(rawget(seen, "error_message")) }
  end,
}

local account = {
  states = meanings {
    ready = { "active" }, pending = { "pending" }, partial = { "deletePending" },
  },
  state = "state",
  look = function(client, thing, options)
    return client:get_account({ account_id = rawget(thing, "id") }, options)
  end,
  read = whole,
  detail = function(seen)
    return { message = "the account's state is " .. text_of(rawget(seen, "state")) }
  end,
}

--- The number of a job, which may be written as text or as a real; nil where
-- it is none.
local function job_number(value)
  local is_digits = type(value) == "string" and value:find "^%d+$"
  local number = math.tointeger((is_digits or math.type(value)) and tonumber(value) or 0)
  return number and number > 0 and number or nil
end

--- What a list of jobs tells of one. An entry without a number is the one that
-- was asked for.
-- @return summary; nil where it is not there; or nil and what is wrong
local function summary_of(seen, number)
  local jobs = path.get(seen, "jobs")
  if is_absent(jobs) then
    return nil
  elseif type(jobs) ~= "table" then
    return nil, "its answer has no list of jobs"
  end
  local wrong
  for _, listed in ipairs(jobs) do
    local summary = path.get(listed, "jobSummary")
    local told = path.get(summary, "jobId")
    if type(summary) ~= "table" then
      wrong = "its answer tells of a job without a summary"
    elseif not code_of(told) or job_number(told) == number then
      return summary
    end
  end
  return nil, wrong
end

--- A job. A fresh one may not be in the list yet.
local job = {
  states = meanings {
    ready = { "Completed", "Completed w/ one or more warnings" },
    pending = {
      "Running", "Running (cannot be verified)", "Waiting", "Pending", "Queued", "Interrupted",
      "Interrupt Pending", "Kill Pending", "Suspend Pending",
    },
    partial = {
      "Completed w/ one or more errors", "Committed", "Failed", "Failed to Start", "Killed",
      "Suspend", "Suspended",
    },
  },
  state = "status",
  look = function(client, _, options, number)
    return client:get_job({ jobId = number }, options)
  end,
  read = summary_of,
  detail = function(summary, number)
    local status, reason = rawget(summary, "status"), text_of(rawget(summary, "pendingReason"))
    return {
      code = status,
      message = ("job %d: %s%s"):format(number, status, reason and ", " .. reason or ""),
    }
  end,
}

--- True where end points were asked for when this vault was created.
local function has_asked(thing)
  local request = core.origins[thing]
  return request ~= nil and request:has_asked()
end

local fine = { [0] = true, ["0"] = true, [""] = true, NO_ERROR = true }

--- The job that installs a vault's end points; see kind.subject.
local function end_point_job(thing)
  local number = job_number(path.get(thing, "addEndpointJob.jobId"))
  local code = code_of(path.get(thing, "addEndpointJob.response.errorCode"))
  if number then
    return number
  elseif code and not fine[code] then
    local message = text_of(path.get(thing, "addEndpointJob.response.errorMessage"))
    return nil, { said = "it exists, but the job of its end points could not start",
                  details = { { code = code, message = message } } }
  elseif has_asked(thing) then
    return nil, { said = "it exists, but is not ready: its end points were asked for, and the "
      .. "answer names no job" }
  end
end

local vault = setmetatable({ subject = end_point_job, gives_thing = true }, { __index = job })

--- A vault of a list tells of no job: there is nothing known to wait for.
local listed = {
  subject = function()
    return nil
  end,
}

-- Of each kind:
--   states    what a state means
--   state     the member that holds it
--   options   its own options of wait
--   look      asks for it
--   read      finds it in what a look gives: what holds the state, nil where it
--             is not there, or nil and what is wrong
--   detail    why it is not well
--   subject   the number of what is waited for in its stead; nil where there is
--             nothing, or nil and what a `partial` failure tells
--   gives_thing   wait gives back the thing itself
local kinds = {
  ["clumio.wallet"] = wallet, ["commvault.vault"] = vault, ["commvault.listed vault"] = listed,
  ["astra.account"] = account,
}

local lasting = { auth = true, config = true, invalid = true, cancelled = true }
local passing = { not_found = true, throttled = true }

--- True for a failure of a look that another look will not mend. A handshake
-- that was cut off is none.
local function is_lasting(trouble)
  if trouble.code == "tls" then
    return failure.lasting[trouble]
  end
  return lasting[trouble.code] or trouble.outcome == "refused" and not passing[trouble.code]
end

--- Takes secrets out of what an answer says of a state.
local function scrub(request, fields)
  if not request then
    return
  end
  fields.said = request:scrub(fields.said)
  for _, detail in ipairs(fields.details or {}) do
    detail.message = detail.message and request:scrub(detail.message)
    detail.code = type(detail.code) == "string" and request:scrub(detail.code) or detail.code
  end
end

--- A failure of wait, with why its last look failed, where it did.
local function report(watch, fields)
  local trouble = watch.trouble
  fields.provider, fields.operation = watch.provider, "wait"
  fields.key = watch.subject and { jobId = watch.subject }
    or { id = code_of(rawget(watch.thing, "id")) }
  fields.trouble = trouble and trouble.message
  local request = core.origins[trouble or watch.seen]
  scrub(request, fields)
  local told = failure.new(fields, watch.looks)
  if trouble then
    told.details, told.status, told.request_id = trouble.details, trouble.status, trouble.request_id
  end
  core.origins[told] = request
  return nil, told, told.code
end

--- One line that is written over, on a terminal only.
local function show_progress(watch, state)
  if core.is_terminal "stderr" then
    io.stderr:write(("\r%s: %s, %d s \27[K"):format(text.line(tostring(watch.thing), LONGEST_TEXT),
      text.line(state, LONGEST_TEXT),
      math.floor(drive.clock() - watch.begun)))
  end
end

local function end_progress()
  if core.is_terminal "stderr" then
    io.stderr:write "\r\27[K"
  end
end

--- Tells of a look; see option on_progress.
-- @param trouble failure or nil: why nothing was seen
local function tell(watch, state, trouble)
  show_progress(watch, state)
  if watch.options.on_progress then
    watch.options.on_progress { state = state, seconds = drive.clock() - watch.begun,
                                looks = watch.looks, failure = trouble }
  end
end

local function undocumented(state)
  local shown = type(state) == "string" and ('"%s"'):format(text.line(state, LONGEST_TEXT))
    or text_of(state)
  return { outcome = "unknown", code = "protocol",
           said = ("its state is %s, which is not documented"):format(shown) }
end

--- What was seen, settled: nothing while it is pending, else what wait gives
-- back.
local function judge(watch, found, state)
  local meaning = type(state) == "string" and watch.kind.states[text.lower(state)] or nil
  watch.ready = meaning == READY and watch.ready + 1 or 0
  watch.errors = watch.errors + (meaning == PARTIAL and 1 or 0)
  if watch.ready >= (watch.options.sightings or 1) then
    return true, found
  elseif not meaning then
    return true, nil, undocumented(state)
  elseif watch.errors > (watch.options.errors or 0) then
    return true, nil, { outcome = "refused", code = "partial",
                        said = "it exists, but is not ready",
                        details = { watch.kind.detail(found, watch.subject) } }
  end
end

--- A look that showed nothing: as long as that may pass, nothing is said.
local function excuse(watch, trouble)
  watch.is_absent = not trouble or trouble.code == "not_found"
  watch.absent = watch.absent + (watch.is_absent and 1 or 0)
  watch.ready = 0
  -- the last look is cut by the time-out: the one before tells more
  if not (trouble and watch.trouble and trouble.code == "timeout") then
    watch.trouble = trouble
  end
  tell(watch, "not seen", trouble)
  if trouble and is_lasting(trouble) then
    return true, nil, trouble
  elseif watch.absent > MOST_ABSENT then
    return true, nil, { outcome = "unknown", code = "not_found", said = "it is not to be found" }
  end
end

--- An answer that came whole.
local function read(watch, seen)
  local found, wrong = watch.kind.read(seen, watch.subject)
  local state = path.get(found, watch.kind.state)
  if not found and not wrong then
    return excuse(watch)
  end
  watch.trouble, watch.is_absent = nil, false
  if is_absent(state) then
    tell(watch, "no " .. watch.kind.state)
    return true, nil, { outcome = "unknown", code = "protocol",
                        said = wrong or "its answer tells no " .. watch.kind.state }
  end
  watch.last = type(state) == "string" and state or text_of(state)
  tell(watch, watch.last)
  return judge(watch, found, state)
end

--- One look.
-- @return is_over, what was found, fields of a failure or a failure
local function look(watch)
  local left = math.max(watch.till - drive.clock(), 0.001)
  local seen, trouble = watch.kind.look(watch.client, watch.thing, { deadline = left },
    watch.subject)
  watch.looks, watch.seen = watch.looks + 1, seen
  if seen == nil then
    return excuse(watch, trouble)
  end
  return read(watch, seen)
end

--- The pause before the next look: random, from a least that doubles, but not
-- while nothing is found. The last look comes shortly before the end, and there
-- is no pause behind it.
local function pause(watch)
  local left = watch.till - drive.clock()
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

local function watch_of(kind, thing, client, provider, options)
  local now, shortest = drive.clock(), options.interval or SHORTEST
  return {
    kind = kind, thing = thing, client = client, provider = provider, options = options,
    begun = now, till = now + (options.timeout or TIMEOUT), shortest = shortest, least = shortest,
    longest = math.max(LONGEST, shortest), looks = 0, absent = 0, ready = 0, errors = 0,
  }
end

local function timed_out(watch)
  local seen = watch.last and text.line(watch.last, LONGEST_TEXT) or "not seen"
  if watch.last and (watch.trouble or watch.is_absent) then
    seen = ("not seen, and %s before"):format(seen)
  end
  return report(watch, { outcome = "unknown", code = "timeout",
    said = ("not ready after %d looks: %s"):format(watch.looks, seen) })
end

local function run(watch)
  local _ <close> = setmetatable({}, { __close = end_progress })
  while true do
    local is_over, found, fields = look(watch)
    if is_over and found then
      core.origins[found] = core.origins[found] or core.origins[watch.seen]
      return watch.kind.gives_thing and watch.thing or found
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

local function check_options(kind, whose, options)
  local names = { "timeout", "interval", "sightings", "on_progress" }
  table.move(kind.options or {}, 1, #(kind.options or {}), #names + 1, names)
  policy.check_all(whose, options, names, core.nearest)
end

--- The wait method of a kind of thing, or nil.
--   thing:wait { timeout = 600, interval = 2, sightings = 1, on_progress = f }
-- waits until it is ready: seconds in all, seconds before the second look,
-- how often in a row it has to be seen ready, a function that is told of each
-- look; of a wallet also `errors`, how many looks may show an Error.
-- @return the thing as it was seen last; or nil, failure, code
function wait.method(provider, name)
  local kind = kinds[provider .. "." .. name]
  local whose = name .. ":wait"
  return kind and function(self, options)
    local client = thing_client.of(self, whose)
    check_options(kind, whose, options)
    local watch = watch_of(kind, self, client, provider, options or {})
    if kind.subject then
      local trouble
      watch.subject, trouble = kind.subject(self)
      if trouble then
        trouble.outcome, trouble.code, watch.seen = "refused", "partial", self
        return report(watch, trouble)
      elseif not watch.subject then
        return self -- there is nothing to wait for
      end
    end
    return run(watch)
  end
end

--- What a job that is waited for by its number is called.
local function titled(number)
  return setmetatable({}, { __tostring = function() return "commvault job " .. number end })
end

--- commvault:wait_job(jobId, options): waits for any job; see wait.method.
-- @return the job's summary as it was seen last; or nil, failure, code
local function wait_job(self, parameters, options)
  local whose = "commvault:wait_job"
  if not core.states[self] then
    core.misuse(("%s was called on a %s: write it with a colon"):format(whose, type(self)))
  end
  check_options(job, whose, options)
  local prepared, trouble, code = self:request("get_job", parameters)
  if not prepared then
    return nil, trouble, code
  end
  local number = job_number(type(parameters) == "table" and parameters.jobId or parameters)
  local watch = watch_of(job, titled(number), self, "commvault", options or {})
  watch.subject = number
  if not number then
    return report(watch, { outcome = "not_sent", code = "invalid",
      details = { { field = "jobId", message = "must be the number of a job, more than 0" } } })
  end
  return run(watch)
end

--- What waits for more than a thing: methods of a provider's clients, by name.
function wait.methods(provider)
  return provider == "commvault" and { wait_job = wait_job } or {}
end

return wait
