--- What Commvault's answers mean. The "Create instance of S3 Vault" page of its API reference, and
-- cvpysdk for the rest: most of its errors come with status 200. docs/providers.md says what the
-- words mean.
local core = require "coffer.core"
local outside = require "coffer.values.outside"

local NO_ERROR = "NO_ERROR"

local flat = { at = "", code = "errorCode", message = "errorMessage", ok_code = NO_ERROR }
local response = { at = "response", code = "errorCode", message = "errorMessage",
                   more = "errorString", ok_code = NO_ERROR }
local job = { at = "addEndpointJob.response", code = "errorCode", message = "errorMessage",
              ok_code = NO_ERROR, is_aside = true }
local access = { at = "error", code = "errorCode", message = "errorMessage",
                 more = "errLogMessage", ok_code = NO_ERROR }

--- A log-in: its token is another member at a gateway, or lies in `data`.
local session = {
  proof = "token", is_token = true, without_proof = "auth",
  token_places = { "authToken", "data.authToken", "data.token" },
  reasons = {
    { at = "isAccountLocked", means = "the account is locked" },
    { at = "remainingLockTime", means = "seconds until it is not locked any more", is_wait = true },
    { at = "forcePasswordChange", means = "the password has to be changed first" },
    { at = "loginAttempts", means = "log-ins have failed" },
  },
}

-- Jobs -------------------------------------------------------------------------

--- What a list of jobs tells of one. An entry without a number is the one that was asked for.
-- @return summary; nil where it is not there; or nil and what is wrong
local function summary_of(seen, number)
  local jobs, wrong = core.member(seen, "jobs"), nil
  if jobs == nil then
    return nil
  elseif type(jobs) ~= "table" then
    return nil, "its answer has no list of jobs"
  end
  for _, listed in ipairs(jobs) do
    local summary = core.member(listed, "jobSummary")
    local named = core.member(summary, "jobId")
    if type(summary) ~= "table" then
      wrong = "its answer tells of a job without a summary"
    elseif not outside.code(named) or outside.number(named) == number then
      return summary
    end
  end
  return nil, wrong
end

--- A job. A fresh one may not be in the list yet.
local any_job = {
  about = "Waits until it is over.",
  states = {
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
  subject = function(summary)
    local number = outside.number(rawget(summary, "jobId"))
    if not number then
      return nil, { phrase = "its summary tells no number by which it could be looked for" }
    end
    return number
  end,
  look = function(client, _, options, number)
    return client:get_job({ jobId = number }, options)
  end,
  read = summary_of,
  detail = function(summary, number)
    local status, reason = rawget(summary, "status"), rawget(summary, "pendingReason")
    reason = outside.text(reason)
    return {
      code = status,
      message = ("job %d: %s%s"):format(number, status, reason and ", " .. reason or ""),
    }
  end,
}

local fine = { [0] = true, ["0"] = true, [""] = true, [NO_ERROR] = true }

--- The job that installs a vault's end points.
local function end_point_job(resource)
  local number = outside.number(core.member(resource, "addEndpointJob.jobId"))
  local code = outside.code(core.member(resource, "addEndpointJob.response.errorCode"))
  local request = core.origins[resource]
  if number then
    return number
  elseif code and not fine[code] then
    local message = outside.text(core.member(resource, "addEndpointJob.response.errorMessage"))
    return nil, { phrase = "it exists, but the job of its end points could not start",
                  details = { { code = code, message = message } } }
  elseif request and request:has_asked() then
    return nil, { phrase = "it exists, but is not ready: its end points were asked for, and the "
      .. "answer names no job" }
  end
end

return {
  options = {
    authorization = {
      '`"bearer"`: the token goes out as `Authorization: Bearer …`, as the gateway of Commvault\'s '
        .. "cloud wants it, instead of in `Authtoken`",
      type = '"bearer"',
    },
    username = { "what to log in with instead of a token", also = "user login" },
    password = { "of the user" },
    domain = { "of the user" },
  },
  error_shapes = {
    flat, response, access,
    { at = "errList", code = "errorCode", message = "errLogMessage" },
    { at = "error.errList", code = "errorCode", message = "errLogMessage" },
  },
  errors_inside = { flat, response, access },
  refuses_inside = true,
  operations = {
    create_s3_vault = {
      proof = "response.entity.clientId",
      errors_inside = { flat, response, job },
      job = "addEndpointJob.jobId",
      echoes = { { key = "clientName", at = "response.entity.clientName" } },
    },
    list_s3_vaults = {
      list = "CVS3Stores",
      pages = { name = "s3_vaults", style = "offset", parameter = "start", identity = "name" },
    },
    get_job = { list = "jobs" },
    list_plans = { list = "plans" },
    login = session,
    renew_token = session,
    renew_access_token = {
      proof = "accessToken", is_token = true, once = { "refreshToken" }, without_proof = "auth",
    },
    logout = { success = { [200] = true } },
  },
  log_in = {
    operation = "login",
    needs = { "username", "password" },
    parameters = function(given)
      return { username = given.username, password = given.password, domain = given.domain }
    end,
  },
  ensure = {
    method = "ensure_s3_vault", plural = "ensure_s3_vaults", call = "create_s3_vault",
    about = "Sees to it that a vault exists.",
    name = "name", list = "s3_vaults", key = { name = "bucket.clientName" }, main = "name",
    may = "its name differs in letter case, blanks or Unicode form only",
    refuses_second = true, unsafe_twice = "rotateKeys",
  },
  resources = {
    vault = {
      title = "response.entity.clientName",
      wait = setmetatable({
        about = "Waits for the job of its end points; without one it is ready at once.",
        subject = end_point_job, gives_resource = true,
      }, { __index = any_job }),
    },
    ["listed vault"] = {
      title = "name",
      wait = {
        about = "Gives it back at once: it tells of no job to wait for.",
        subject = function() return nil end,
      },
    },
    job = {
      about = "What a list of jobs tells of one.",
      title = "jobId", status = "status", wait = any_job,
    },
    session = { title = "userName", about = "What a log-in gives." },
  },
  wait_methods = {
    wait_job = {
      operation = "get_job", parameter = "jobId", waits = "job",
      about = "Waits for a job, whatever it is for.",
    },
  },
}
