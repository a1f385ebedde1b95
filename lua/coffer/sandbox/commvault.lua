-- Commvault's side: S3 vaults, the job that installs their end points, plans, and the tokens.

local check = require "coffer.sandbox.check"
local json = require "coffer.sandbox.json"
local random = require "coffer.sandbox.random"
local request = require "coffer.sandbox.request"

-- The vendor itself spells the same paths in several ways.
local commvault = {
  name = "commvault", prefix = "/commvault/commandcenter/api", ignores_case = true, operations = {},
}

commvault.addresses = { base_url = commvault.prefix }

local TYPES = { "application/json" }
local XML_TYPES = { "application/json", "application/xml", "text/xml" }

local plans = {
  { plan = { planId = 11, planName = "Server plan" } },
  { plan = { planId = 12, planName = "Archive plan" } },
}

-- What stands in errorCode by status: a name where the page says ErrorCode, a number elsewhere.
local error_codes = {
  [400] = 2, [401] = 5, [403] = 5, [404] = "VALUE_NOT_FOUND", [409] = 2,
  [500] = "INTERNAL_SERVER_PROBLEM",
}

local function new_token()
  return "QSDK " .. random.hex(64)
end

local function issue_pair(state, chain)
  local access, refresh = random.hex(64), random.hex(64)
  state.tokens[access] = chain
  state.pairs[refresh] = { access = access, chain = chain }
  return access, refresh
end

function commvault.open(settings)
  local state = {
    tokens = {}, pairs = {}, vaults = json.array {}, names = {}, jobs = {}, next_id = 1001,
    username = "sandbox", password = random.hex(24), completed_after = settings.job_completed_after,
  }
  local token = new_token()
  state.tokens[token] = {}
  state.guid = random.uuid():upper()
  local access, refresh = issue_pair(state, {})
  return state, {
    token = token, username = state.username, password = state.password,
    access_token = access, refresh_token = refresh,
  }
end

function commvault.refuse(status, message)
  return {
    status = status, body = { errorMessage = message, errorCode = error_codes[status] or 2 },
  }
end

-- A login token comes in Authtoken, an access token as a bearer; tools mix the two.
local function given_token(asked)
  local token = asked.headers.authtoken
  if token then return (token:gsub("^Bearer ", "")) end
  return (asked.headers.authorization or ""):match "^Bearer (.+)$"
end

function commvault.unauthorised(state, asked)
  if state.tokens[given_token(asked) or ""] then return nil end
  return commvault.refuse(401, "Access denied")
end

local function success(body)
  return { status = 200, body = body }
end

local function next_id(state)
  state.next_id = state.next_id + 1
  return state.next_id
end

-- In XML where the client takes nothing else.
local function success_in(asked, body, xml)
  if request.accepts(asked, TYPES) then return success(body) end
  local head = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>'
  return { status = 200, type = "application/xml", body = head .. xml }
end

local function operation(definition)
  definition.produces = definition.produces or TYPES
  definition.consumes = "application/json"
  definition.idle_type = "application/json"
  table.insert(commvault.operations, definition)
end

-- Vaults and jobs.

local function install_job(state)
  local job = { id = next_id(state), sightings = 0, begun = os.time() }
  state.jobs[tostring(job.id)] = job
  return { jobId = job.id, response = { errorMessage = "", errorCode = "NO_ERROR" } }
end

operation {
  name = "create_s3_vault", method = "POST", path = "/V4/CVS3Store",
  body = check.object {
    { "bucket", check.object { { "clientName", check.string { min = 1 }, required = true } },
      required = true },
    { "plan", check.object {
      { "planId", check.integer(), required = true },
      { "planName", check.string { min = 1 }, required = true },
    }, required = true },
    { "cvs3Endpoints", check.list(check.object {
      { "clientId", check.integer(), required = true }, { "clientName", check.string() },
    }) },
    { "owners", check.list(check.object {
      { "userId", check.integer(), required = true },
      { "__type__", check.integer { equals = 13 }, required = "strict" },
    }) },
    { "userGroups", check.list(check.object {
      { "userGroupId", check.integer(), required = true },
      { "__type__", check.integer { equals = 15 }, required = "strict" },
    }) },
    { "rotateKeys", check.boolean() },
  },
  answer = function(state, asked)
    local name = asked.fields.bucket.clientName
    if state.names[name] then
      return commvault.refuse(409, "An entity with the name " .. name .. " exists already.")
    end
    state.names[name] = true
    table.insert(state.vaults, { name = name })
    local endpoints = asked.fields.cvs3Endpoints
    return success {
      response = {
        entity = { clientId = next_id(state), clientName = name },
        errorCode = 0, errorMessage = "", warningCode = 0, warningMessage = "",
      },
      addEndpointJob = endpoints and #endpoints > 0 and install_job(state) or nil,
    }
  end,
}

-- Of a listed vault only the name is publicly known.
operation {
  name = "list_s3_vaults", method = "GET", path = "/V4/CVS3Stores",
  query = {
    hardRefresh = request.any, start = request.natural, limit = request.positive, fl = request.any,
    fq = request.any, sort = request.any, search = request.any,
  },
  answer = function(state, asked)
    local start = tonumber(asked.query.start and asked.query.start[1] or 0)
    local limit = tonumber(asked.query.limit and asked.query.limit[1] or #state.vaults)
    local last = math.min(start + limit, #state.vaults)
    return success {
      CVS3Stores = json.array(table.move(state.vaults, start + 1, last, 1, {})),
    }
  end,
}

local function job_summary(job, is_completed)
  return {
    jobId = job.id, status = is_completed and "Completed" or "Running",
    localizedStatus = is_completed and "Completed" or "Running", jobType = "Install Software",
    percentComplete = is_completed and 100 or 50, jobStartTime = job.begun,
    jobEndTime = is_completed and os.time() or 0, jobElapsedTime = os.time() - job.begun,
    lastUpdateTime = os.time(), pendingReason = "",
  }
end

-- A job that is not known is no error here either.
operation {
  name = "get_job", method = "GET", path = "/Job/{jobId}",
  answer = function(state, asked)
    local job = state.jobs[asked.params.jobId]
    if not job then return success { totalRecordsWithoutPaging = 0 } end
    job.sightings = job.sightings + 1
    local summary = job_summary(job, job.sightings >= state.completed_after)
    return success {
      totalRecordsWithoutPaging = 1, jobs = json.array { { jobSummary = summary } },
    }
  end,
}

operation {
  name = "list_plans", method = "GET", path = "/V2/Plan",
  query = {
    subType = request.any, fq = request.any, fl = request.any, sort = request.any,
    start = request.natural, limit = request.positive, search = request.any,
    hardRefresh = request.any,
  },
  answer = function()
    return success { filterQueryCount = #plans, plans = json.array(plans) }
  end,
}

-- Tokens.

local base64_places = {}
for place = 1, 64 do
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  base64_places[alphabet:sub(place, place)] = place - 1
end

local function base64_decode(text)
  local bits, count, bytes = 0, 0, {}
  for character in text:gsub("=+$", ""):gmatch "." do
    if not base64_places[character] then return nil end
    bits, count = (bits << 6 | base64_places[character]) & 0xFFFFFF, count + 6
    if count >= 8 then
      count = count - 8
      table.insert(bytes, string.char(bits >> count & 0xFF))
    end
  end
  return table.concat(bytes)
end

-- A failed login is a 200 as well.
operation {
  name = "login", method = "POST", path = "/Login", is_open = true, holds_secrets = true,
  body = check.object {
    { "username", check.string { min = 1 }, required = true },
    { "password", check.string(), required = true },
    { "domain", check.string() }, { "commserver", check.string() },
    { "deviceId", check.string() }, { "timeout", check.integer() },
    { "mode", check.integer() }, { "clientType", check.integer() },
  },
  answer = function(state, asked)
    local fields = asked.fields
    if fields.username ~= state.username
      or base64_decode(fields.password) ~= state.password then
      local failure = { errLogMessage = "Invalid username or password", errorCode = 5 }
      return success {
        errList = json.array { failure }, loginAttempts = 1, remainingLockTime = 0,
        isAccountLocked = false,
      }
    end
    local token = new_token()
    state.tokens[token] = {}
    return success {
      token = token, userName = state.username, aliasName = state.username,
      userGUID = random.uuid():upper(), errList = json.array {}, loginAttempts = 0,
      remainingLockTime = 0, isAccountLocked = false, forcePasswordChange = false,
    }
  end,
}

operation {
  name = "renew_token", method = "POST", path = "/RenewLoginToken", is_open = true,
  holds_secrets = true,
  body = check.object {
    { "sessionId", check.string { min = 1 }, required = true }, { "deviceId", check.string() },
  },
  answer = function(state, asked)
    local former = asked.fields.sessionId
    if not state.tokens[former] or not former:find "^QSDK " then
      return success { error = { errLogMessage = "The session cannot be renewed", errorCode = 5 } }
    end
    local token = new_token()
    state.tokens[former], state.tokens[token] = nil, {}
    return success { token = token }
  end,
}

operation {
  name = "logout", method = "POST", path = "/Logout", produces = XML_TYPES,
  answer = function(state, asked)
    state.tokens[given_token(asked)] = nil
    return success_in(asked, { errorMessage = "", errorCode = 0 },
      '<DM2ContentIndexing_CheckCredentialResp errorCode="0" errorMessage=""/>')
  end,
}

-- What Commvault's own SDK asks for before anything else: whether the service is there, whose token
-- it has, and what CommServe it talks to.

operation {
  name = "home", method = "GET", path = "/", is_open = true, produces = false,
  answer = function()
    return { status = 200, type = "text/plain", body = "Commvault REST API (sandbox)" }
  end,
}

for _, method in ipairs { "GET", "POST" } do
  operation {
    name = "who_am_i", method = method, path = "/WhoAmI", produces = XML_TYPES,
    answer = function(state, asked)
      local user = { userName = state.username, userId = 1, userGUID = state.guid, _type_ = 13 }
      return success_in(asked, { user = user },
        ('<CvEntities_ProcessingInstructionInfo><user _type_="13" userGUID="%s" userId="1" '
          .. 'userName="%s"/></CvEntities_ProcessingInstructionInfo>')
          :format(state.guid, state.username))
    end,
  }
end

operation {
  name = "get_commserve", method = "GET", path = "/CommServ",
  answer = function(state)
    return success {
      hostName = "sandbox", releaseName = "11", currentSPVersion = 40, csVersionInfo = "11 SP40.0",
      timeZone = "0:0:(UTC) Coordinated Universal Time", csTimeZone = { TimeZoneName = "UTC" },
      commcell = { commCellName = "sandbox", commCellId = 2, csGUID = state.guid },
    }
  end,
}

local function revoke_chain(state, chain)
  for token, its_chain in pairs(state.tokens) do
    if its_chain == chain then state.tokens[token] = nil end
  end
  chain.is_revoked = true
end

-- Using a pair twice revokes all that came of it.
operation {
  name = "renew_access_token", method = "POST", path = "/V4/AccessToken/Renew", is_open = true,
  holds_secrets = true,
  body = check.object {
    { "accessToken", check.string { min = 1 }, required = true },
    { "refreshToken", check.string { min = 1 }, required = true },
  },
  answer = function(state, asked)
    local pair = state.pairs[asked.fields.refreshToken]
    local is_known = pair and pair.access == asked.fields.accessToken
    if is_known and pair.is_used then revoke_chain(state, pair.chain) end
    if not is_known or pair.is_used or pair.chain.is_revoked then
      local refusal = commvault.refuse(401, "The refresh token is not valid")
      refusal.body.errorCode = "REFRESH_TOKEN_EXPIRED"
      return refusal
    end
    pair.is_used = true
    state.tokens[pair.access] = nil
    local access, refresh = issue_pair(state, pair.chain)
    return success {
      accessToken = access, refreshToken = refresh, tokenExpiryTimestamp = os.time() + 1800,
    }
  end,
}

return commvault
