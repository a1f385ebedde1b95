-- Waiting until a thing is ready: wallet:wait(), vault:wait(), account:wait().

local answers = require "answers"
local authority = require "authority"
local child = require "child"
local coffer = require "coffer"
local scheduler = require "coffer.scheduler"
local expect = require "expect"
local pauses = require "pauses"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local clumio, refresh = providers.clumio, providers.refresh
local commvault, astra = providers.commvault, providers.astra

local REFRESH = "POST " .. refresh.path
local JOB = "GET /commandcenter/api/Job/12345"
local ACCOUNT = "GET /accounts/666a3f38-d4fa-5b62-a391-a69029758d32"

local function keeping(case, options)
  return { send = case.good(options), finish = "keep" }
end

local function quoted(text)
  return '"' .. text .. '"'
end

--- An answer to refresh with a wallet in this state.
local function wallet(state, changes)
  local all = { state = quoted(state) }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return keeping(refresh, { changes = all })
end

--- An answer to get_job: the job in this state, for a reason.
local function job(status, reason, id)
  return answers.keep { body = ('{"totalRecordsWithoutPaging":1,"jobs":[{"jobSummary":'
    .. '{"jobId":%d,"status":%q,"pendingReason":%q}}]}'):format(id or 12345, status, reason or "") }
end

local function account(state)
  return keeping(astra, { status = 200, changes = { state = quoted(state) } })
end

local function refusal(status)
  return answers.keep { status = status, body = "{}" }
end

local NO_JOB = answers.keep { body = '{"totalRecordsWithoutPaging":0}' }
local CUT = { send = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{" }

--- The case's thing, at a server that answers `at` with these orders.
local function thing(case, at, orders, options)
  local faulty = server.start { paths = { [at] = orders }, keeping(case) }
  local made = assert(case.create(case.client(faulty.url, options)))
  return made, faulty
end

local function looks(faulty, at)
  local count = 0
  for _, request in ipairs(faulty:requests()) do
    count = count + (request.method .. " " .. request.path == at and 1 or 0)
  end
  return count
end

local function times(count, order, last)
  local orders = {}
  for i = 1, count do
    orders[i] = order
  end
  orders[count + 1] = last
  return orders
end

--- Each pause is drawn between a least that doubles and the next least.
local function assert_doubling(slept, least, longest)
  for _, seconds in ipairs(slept) do
    local most = math.min(least * 2, longest)
    assert.is_true(seconds >= least and seconds <= most,
      ("%g s is not between %g and %g"):format(seconds, least, most))
    least = most
  end
end

--- Time passes by the pauses alone.
local function fast_time()
  local clock, sleep, now = scheduler.clock, scheduler.sleep, scheduler.clock()
  local slept = setmetatable({}, { __close = function()
    scheduler.clock, scheduler.sleep = clock, sleep
  end })
  function scheduler.clock()
    return now
  end
  function scheduler.sleep(seconds)
    now = now + seconds
    slept[#slept + 1] = seconds
  end
  return slept
end

describe("waiting for a vault", function()
  it("looks at the job until it is over, with pauses that double", function()
    local vault, faulty = thing(commvault, JOB, times(5, job "Running", job "Completed"))
    local _ <close> = faulty
    local slept <close> = pauses.skip()
    local done = assert(vault:wait())
    assert.equal(vault, done)
    assert.equal(6, looks(faulty, JOB))
    assert.equal(5, #slept)
    assert_doubling(slept, 2, 120)
    assert.is_true(slept[5] > 30)
    assert.equal(1, faulty:creates())
  end)

  it("pauses two minutes at the most", function()
    local vault, faulty = thing(commvault, JOB, times(9, job "Running", job "Completed"))
    local _ <close> = faulty
    local slept <close> = pauses.skip()
    assert(vault:wait { timeout = 86400 })
    assert_doubling(slept, 2, 120)
    assert.same({ 120, 120 }, { slept[8], slept[9] })
  end)

  it("begins with the interval that is given, and takes a longer one than usual", function()
    local vault, faulty = thing(commvault, JOB, times(3, job "Running", job "Completed"))
    local _ <close> = faulty
    local slept <close> = pauses.skip()
    assert(vault:wait { interval = 0.5 })
    assert_doubling(slept, 0.5, 120)
    faulty:order { paths = { [JOB] = times(3, job "Running", job "Completed") } }
    assert(vault:wait { interval = 300, timeout = 7200 })
    assert.same({ 300, 300, 300 }, { table.unpack(slept, 4) })
  end)

  it("asks for the job by its whole number", function()
    local vault, faulty = thing(commvault, JOB, { job "Completed" })
    local _ <close> = faulty
    assert.equal("integer", math.type(vault.addEndpointJob.jobId))
    assert(vault:wait())
    assert.equal("/commandcenter/api/Job/12345", faulty:requests()[2].target)
  end)

  it("asks for a job beyond 2^53", function()
    local faulty <close> = server.start {
      keeping(commvault, { changes = {
        addEndpointJob = answers.endpoint_job { jobId = "9007199254740993" } } }),
      job("Completed", "", 9007199254740993),
    }
    local vault = assert(commvault.create(commvault.client(faulty.url)))
    assert(vault:wait())
    assert.equal("/commandcenter/api/Job/9007199254740993", faulty:requests()[2].target)
  end)

  for _, status in ipairs { "Completed", "Completed w/ one or more warnings",
    "completed", "COMPLETED" } do
    it("is over at once where the job is " .. status, function()
      local vault, faulty = thing(commvault, JOB, { job(status) })
      local _ <close> = faulty
      assert.equal(vault, vault:wait())
    end)
  end

  for _, status in ipairs { "Running", "Running (cannot be verified)", "Waiting", "Pending",
    "Queued", "Interrupted", "Interrupt Pending", "Kill Pending", "Suspend Pending", "RUNNING",
    "kill pending" } do
    it("goes on while the job is " .. status, function()
      local vault, faulty = thing(commvault, JOB, { job(status), job "Completed" })
      local _ <close> = faulty
      local slept <close> = pauses.skip()
      assert(vault:wait())
      assert.equal(1, #slept)
    end)
  end

  for _, status in ipairs { "Failed", "Failed to Start", "Killed", "Suspend", "Suspended",
    "FAILED", "Completed w/ one or more errors", "Committed" } do
    it("tells why where the job is " .. status, function()
      local vault, faulty = thing(commvault, JOB, { job "Running", job(status, "no licence") })
      local _ <close> = faulty
      local slept <close> = pauses.skip()
      local failure = expect.failure("refused", "partial", vault:wait())
      assert.equal(1, #slept)
      assert.same({ "commvault", "wait" }, { failure.provider, failure.operation })
      assert.same({ jobId = 12345 }, failure.key)
      assert.equal(status, failure.details[1].code)
      assert.truthy(tostring(failure):find("no licence", 1, true))
      assert.equal(1, looks(faulty, "POST " .. commvault.path))
    end)
  end

  it("tells of a state that nobody has documented, at once", function()
    local vault, faulty = thing(commvault, JOB, { job "Hibernating" })
    local _ <close> = faulty
    local failure = expect.failure("unknown", "protocol", vault:wait())
    assert.truthy(failure.message:find("Hibernating", 1, true))
    assert.equal(1, looks(faulty, JOB))
  end)

  for _, row in ipairs { { "500", refusal(500) }, { "503", refusal(503) }, { "a cut answer", CUT },
    { "a reset", { finish = "reset" } }, { "429", refusal(429), 4 }, -- two holds of the client
    { "malformed JSON", answers.keep { body = "{" } } } do
    it("is not ended by " .. row[1], function()
      local vault, faulty = thing(commvault, JOB, { row[2], row[2], job "Completed" })
      local _ <close> = faulty
      local slept <close> = pauses.skip()
      assert(vault:wait())
      assert.equal(row[3] or 2, #slept)
      assert.equal(3, looks(faulty, JOB))
    end)
  end

  for name, absent in pairs { ["404"] = refusal(404), ["an empty list"] = NO_JOB,
    ["another job"] = job("Failed", "", 99) } do
    it("takes 19 times " .. name .. " for a job that is too fresh", function()
      local vault, faulty = thing(commvault, JOB, times(19, absent, job "Completed"))
      local _ <close> = faulty
      local _ <close> = pauses.skip()
      assert.equal(vault, vault:wait())
      assert.equal(20, looks(faulty, JOB))
    end)

    it("ends after 20 times " .. name, function()
      local vault, faulty = thing(commvault, JOB, { absent })
      local _ <close> = faulty
      local _ <close> = pauses.skip()
      expect.failure("unknown", "not_found", vault:wait())
      assert.equal(21, looks(faulty, JOB))
    end)
  end

  for _, row in ipairs { { 400, "rejected" }, { 401, "auth" }, { 403, "forbidden" },
    { 308, "protocol" } } do
    it(("is ended by %d, which another look will not mend"):format(row[1]), function()
      local vault, faulty = thing(commvault, JOB, { refusal(row[1]), job "Completed" })
      local _ <close> = faulty
      local failure = expect.failure("refused", row[2], vault:wait())
      assert.equal("get_job", failure.operation)
      assert.equal(1, looks(faulty, JOB))
    end)
  end

  it("is over before it began where there is no job", function()
    for _, change in ipairs { false, "null", answers.endpoint_job { jobId = "0" } } do
      local faulty <close> = server.start {
        keeping(commvault, { changes = { addEndpointJob = change } }) }
      local vault = commvault.create(commvault.client(faulty.url))
      assert.equal(vault, vault:wait())
      assert.equal(1, #faulty:requests())
    end
  end)

  it("finds a job in the time-out that is absent for 20 looks", function()
    local vault, faulty = thing(commvault, JOB, times(20, NO_JOB, job "Completed"))
    local _ <close> = faulty
    local slept <close> = fast_time()
    assert.equal(vault, vault:wait())
    assert.equal(20, #slept)
    for _, seconds in ipairs(slept) do
      assert.is_true(seconds >= 2 and seconds <= 4)
    end
  end)

  it("pauses shortly again where a job is no longer found", function()
    local vault, faulty = thing(commvault, JOB, { job "Running", job "Running", job "Running",
      NO_JOB, job "Completed" })
    local _ <close> = faulty
    local slept <close> = fast_time()
    assert(vault:wait())
    assert.is_true(slept[3] >= 8 and slept[4] <= 4)
  end)

  --- A vault whose answer has this job, of a create that asks for end points, or does not.
  local function vault_with(change, has_asked)
    local faulty = server.start { keeping(commvault, { changes = { addEndpointJob = change } }) }
    local client = commvault.client(faulty.url)
    local parameters = { bucket = commvault.parameters.bucket, plan = commvault.parameters.plan,
                         cvs3Endpoints = has_asked and { { clientId = 7 } } or nil }
    return client:create_s3_vault(parameters), faulty
  end

  for _, number in ipairs { "null", "0", "-1" } do
    local change = answers.endpoint_job { jobId = number }
    it("is partial where end points were asked for, and the job is " .. number, function()
      local vault, faulty = vault_with(change, true)
      local _ <close> = faulty
      local failure = expect.failure("refused", "partial", vault:wait())
      assert.truthy(failure.message:find("names no job", 1, true))
      assert.equal(200, coffer.response(failure).status)
      assert.equal(1, #faulty:requests())
    end)

    it("is over at once where no end points were asked for, and the job is " .. number, function()
      local vault, faulty = vault_with(change, false)
      local _ <close> = faulty
      assert.equal(vault, vault:wait())
    end)
  end

  for _, change in ipairs { false, "null" } do
    it("is partial where end points were asked for, and there is no job: " .. tostring(change),
      function()
        local vault, faulty = vault_with(change, true)
        local _ <close> = faulty
        expect.failure("refused", "partial", vault:wait())
      end)
  end

  it("sends nothing but reads", function()
    local vault, faulty = thing(commvault, JOB, { job "Kill Pending" })
    local _ <close> = faulty
    expect.failure("unknown", "timeout", vault:wait { timeout = 0.4, interval = 0.1 })
    for i, request in ipairs(faulty:requests()) do
      assert.equal(i == 1 and "POST" or "GET", request.method)
    end
  end)
end)

describe("waiting for a wallet", function()
  it("looks until it is Enabled", function()
    local waiting = wallet "Waiting"
    local made, faulty = thing(clumio, REFRESH, { waiting, waiting, waiting, wallet "Enabled" })
    local _ <close> = faulty
    local slept <close> = pauses.skip()
    local done = assert(made:wait())
    assert.equal("Enabled", done.state)
    assert.equal("Waiting", made.state)
    assert.is_function(done.refresh)
    assert.equal(3, #slept)
    assert_doubling(slept, 2, 120)
    assert.equal(4, looks(faulty, REFRESH))
    assert.equal(1, faulty:creates())
  end)

  it("repeats the refresh on failures, within a look and from look to look", function()
    local made, faulty = thing(clumio, REFRESH,
      { {}, refusal(500), CUT, refusal(502), { finish = "reset" }, wallet "Enabled" },
      { attempts = 2 })
    local _ <close> = faulty
    local slept <close> = pauses.skip()
    assert.equal("Enabled", assert(made:wait()).state)
    assert.equal(5, #slept)
    assert.equal(6, looks(faulty, REFRESH))
  end)

  it("fails with the wallet's own code and text", function()
    local made, faulty = thing(clumio, REFRESH, { wallet "Waiting", wallet("Error", {
      error_code = quoted "role_missing", error_message = quoted "The role is not there.",
    }) })
    local _ <close> = faulty
    local _ <close> = pauses.skip()
    local failure = expect.failure("refused", "partial", made:wait())
    assert.same({ { code = "role_missing", message = "The role is not there." } },
      failure.details)
    assert.same({ id = "w-1" }, failure.key)
    assert.truthy(tostring(failure):find("The role is not there. (role_missing)", 1, true))
  end)

  local FLICKER = { wallet "Enabled", wallet "Waiting", wallet "Enabled", wallet "Enabled" }

  it("is over at the first sighting", function()
    local made, faulty = thing(clumio, REFRESH, FLICKER)
    local _ <close> = faulty
    assert.equal("Enabled", made:wait().state)
    assert.equal(1, looks(faulty, REFRESH))
  end)

  it("is over at the second sighting in a row where two are asked for", function()
    local made, faulty = thing(clumio, REFRESH, FLICKER)
    local _ <close> = faulty
    local _ <close> = pauses.skip()
    assert.equal("Enabled", made:wait({ sightings = 2 }).state)
    assert.equal(4, looks(faulty, REFRESH))
  end)

  it("counts no sightings together that a blind look lies between", function()
    local made, faulty = thing(clumio, REFRESH, { wallet "Enabled", refusal(500), wallet "Enabled",
      wallet "Enabled" })
    local _ <close> = faulty
    local _ <close> = pauses.skip()
    assert(made:wait { sightings = 2 })
    assert.equal(4, looks(faulty, REFRESH))
  end)

  it("tells a function of each look", function()
    local made, faulty = thing(clumio, REFRESH, { wallet "Waiting", CUT, wallet "Enabled" })
    local _ <close> = faulty
    local _ <close> = pauses.skip()
    local seen = {}
    assert(made:wait { on_progress = function(progress)
      seen[#seen + 1] = progress.state .. " " .. progress.looks
      assert.is_true(progress.seconds >= 0)
    end })
    assert.same({ "Waiting 1", "not seen 2", "Enabled 3" }, seen)
  end)

  it("lets an error of that function through", function()
    local made, faulty = thing(clumio, REFRESH, { wallet "Waiting" })
    local _ <close> = faulty
    assert.has_error(function()
      made:wait { on_progress = function() error("enough", 0) end }
    end, "enough")
    assert.equal(1, looks(faulty, REFRESH))
  end)

  local function failing_look()
    return wallet("Error", { error_code = quoted "role_missing" })
  end

  it("passes over as many Errors as it is told to", function()
    local made, faulty = thing(clumio, REFRESH, { failing_look(), wallet "Waiting", failing_look(),
      wallet "Enabled" })
    local _ <close> = faulty
    local _ <close> = pauses.skip()
    assert.equal("Enabled", assert(made:wait { errors = 2 }).state)
    assert.equal(4, looks(faulty, REFRESH))
  end)

  for errors = 0, 2 do
    it(("fails at the Error behind %d"):format(errors), function()
      local made, faulty = thing(clumio, REFRESH, { failing_look() })
      local _ <close> = faulty
      local _ <close> = pauses.skip()
      local failure = expect.failure("refused", "partial", made:wait { errors = errors })
      assert.equal("role_missing", failure.details[1].code)
      assert.equal(errors + 1, looks(faulty, REFRESH))
    end)
  end

  it("knows no errors to pass over but a wallet's", function()
    local vault, faulty = thing(commvault, JOB, { job "Completed" })
    local _ <close> = faulty
    assert.error_matches(function() vault:wait { errors = 1 } end, "unknown option 'errors'")
  end)

  it("says why its looks failed", function()
    local body = answers.clumio_error(77, "come back tomorrow")
    local busy = answers.keep { status = 503, body = body }
    local made, faulty = thing(clumio, REFRESH, { wallet "Waiting", busy })
    local _ <close> = faulty
    local seen = {}
    local failure = expect.failure("unknown", "timeout", made:wait {
      timeout = 0.3, interval = 0.05,
      on_progress = function(told) seen[#seen + 1] = told.failure and told.failure.code end,
    })
    assert.truthy(failure.message:find("not seen, and Waiting before", 1, true))
    assert.truthy(failure.message:find("come back tomorrow", 1, true))
    assert.same({ 503, 77 }, { failure.status, failure.details[1].code })
    assert.equal(503, coffer.response(failure).status)
    assert.equal("unavailable", seen[1])
  end)

  it("says why its looks failed where the last one was cut by the time-out", function()
    local made, faulty = thing(clumio, REFRESH, { refusal(502), { finish = "hang" } })
    local _ <close> = faulty
    local failure = expect.failure("unknown", "timeout",
      made:wait { timeout = 0.3, interval = 0.05 })
    assert.equal(502, failure.status)
  end)

  it("goes on where handshakes are cut off, for that passes", function()
    local made = authority.get()
    local faulty <close> = server.start { tls = made.good, { send = clumio.good() },
      { accept = "reset", after = 0.05 }, { accept = "close", after = 0.05 },
      { accept = "reset", after = 0.05 }, wallet "Enabled" }
    local _ <close> = pauses.skip()
    local waiting = assert(clumio.create(clumio.client(faulty.url, { ca_file = made.root })))
    socket.sleep(0.2) -- the end of its connection is there, so that no look is sent on it
    local kinds = {}
    assert.equal("Enabled", assert(waiting:wait { on_progress = function(seen)
      kinds[#kinds + 1] = seen.failure and seen.failure.code or seen.state
    end }).state)
    assert.same({ "tls", "tls", "tls", "Enabled" }, kinds)
  end)

  it("is ended by such a certificate where it is the log-in that meets it", function()
    local faulty <close> = server.start { tls = authority.get().unknown_authority }
    local client = assert(coffer.commvault { base_url = faulty.url .. "/api", attempts = 1,
      username = "u", password = "p", ca_file = authority.get().root })
    expect.failure("not_sent", "tls", client:wait_job(5, { timeout = 600 }))
  end)

  it("is ended by a certificate that is not to be trusted", function()
    local made = authority.get()
    local faulty = server.start { tls = made.good, { send = clumio.good() } }
    local waiting = assert(clumio.create(clumio.client(faulty.url, { ca_file = made.root })))
    local port = faulty.port
    getmetatable(faulty).__close(faulty)
    local other <close> = server.start { port = port, tls = made.unknown_authority,
      wallet "Enabled" }
    expect.failure("not_sent", "tls", waiting:wait { timeout = 600 })
    assert.equal(0, #other:requests())
  end)

  it("ends with its time-out, and says what was seen last", function()
    local made, faulty = thing(clumio, REFRESH, { wallet "Waiting" })
    local _ <close> = faulty
    local begun = socket.gettime()
    local failure = expect.failure("unknown", "timeout",
      made:wait { timeout = 0.5, interval = 0.1 })
    local seconds = socket.gettime() - begun
    assert.is_true(seconds > 0.2 and seconds < 0.75, "it took " .. seconds .. " s")
    assert.truthy(failure.message:find("Waiting", 1, true))
    assert.is_true(looks(faulty, REFRESH) >= 3)
  end)

  it("looks once more before a time-out that is shorter than a pause", function()
    local made, faulty = thing(clumio, REFRESH, { wallet "Waiting", wallet "Enabled" })
    local _ <close> = faulty
    local begun = socket.gettime()
    assert.equal("Enabled", assert(made:wait { timeout = 0.4 }).state)
    assert.is_true(socket.gettime() - begun < 0.65)
  end)

  it("does not outlive its time-out by a look", function()
    local made, faulty = thing(clumio, REFRESH, { { finish = "hang" } }, { attempts = 3 })
    local _ <close> = faulty
    local begun = socket.gettime()
    expect.failure("unknown", "timeout", made:wait { timeout = 0.5, interval = 0.1 })
    assert.is_true(socket.gettime() - begun < 0.75)
  end)

  it("raises for options that are not its own", function()
    local made, faulty = thing(clumio, REFRESH, { wallet "Enabled" })
    local _ <close> = faulty
    for _, wrong in ipairs { { timeot = 5 }, { timeout = 0 }, { interval = "2" },
      { sightings = 1.5 }, { on_progress = {} }, 5 } do
      local is_done, said = pcall(made.wait, made, wrong)
      assert.is_false(is_done)
      assert.matches("wallet:wait", said)
    end
    assert.equal(0, looks(faulty, REFRESH))
  end)

  it("writes no line to a standard error that is no terminal", function()
    local faulty <close> = server.start {
      paths = { [REFRESH] = { wallet "Waiting", wallet "Enabled" } }, keeping(clumio),
    }
    local ended = child.run(function(url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t" })
      print(client:create_wallet("123456789012"):wait { interval = 0.01 })
    end, faulty.url)
    assert.same({ 0, "clumio wallet w-1 (Enabled)\n", "" },
      { ended.status, ended.output, ended.errors })
  end)
end)

describe("waiting for an account", function()
  it("looks until it is active", function()
    local made, faulty = thing(astra, ACCOUNT, { account "pending", account "active" })
    local _ <close> = faulty
    local slept <close> = pauses.skip()
    assert.equal("active", assert(made:wait()).state)
    assert.equal(1, #slept)
  end)

  it("fails where it is about to be deleted", function()
    local made, faulty = thing(astra, ACCOUNT, { account "deletePending" })
    local _ <close> = faulty
    local failure = expect.failure("refused", "partial", made:wait())
    assert.same({ id = made.id }, failure.key)
    assert.truthy(tostring(failure):find("deletePending", 1, true))
  end)

  it("does not exist at ECL, whose accounts are there at once", function()
    local case = providers.ecl
    local faulty <close> = server.start { keeping(case) }
    assert.is_nil(case.create(case.client(faulty.url)).wait)
    assert.is_nil(coffer.ecl { token = "t", tenant_id = "t", base_url = faulty.url }.wait)
  end)
end)

describe("waiting for any job", function()
  local function waiting(orders, ...)
    local faulty <close> = server.start { paths = { [JOB] = orders } }
    local _ <close> = pauses.skip()
    local client = commvault.client(faulty.url)
    local result, failure, code = client:wait_job(...)
    return result, failure, code, #faulty:requests()
  end

  for _, given in ipairs { 12345, { jobId = 12345 } } do
    it("gives its summary when it is over: " .. type(given), function()
      local summary = assert(waiting({ job "Running", job "Completed" }, given))
      assert.same({ "Completed", 12345 }, { summary.status, summary.jobId })
      assert.equal(200, coffer.response(summary).status)
    end)
  end

  it("tells why it failed", function()
    local failure = expect.failure("refused", "partial", waiting({ job("Failed", "no licence") },
      12345))
    assert.same({ jobId = 12345 }, failure.key)
    assert.truthy(tostring(failure):find("job 12345: Failed, no licence", 1, true))
  end)

  for name, wrong in pairs { ["0"] = 0, ["-1"] = -1, ["1.5"] = 1.5, text = "x", ["true"] = true,
    ["a table"] = {}, ["0 by its name"] = { jobId = 0 }, ["another name"] = { jobID = 12345 },
    null = coffer.null } do
    it("refuses what is no number of a job: " .. name, function()
      local _, failure, _, requests = waiting({ job "Completed" }, wrong)
      assert.same({ "not_sent", "invalid", 0 }, { failure.outcome, failure.code, requests })
    end)
  end

  it("takes the options of wait, and no other", function()
    local client = commvault.client "http://127.0.0.1:1"
    assert.error_matches(function() client:wait_job(1, { timeot = 1 }) end,
      "commvault:wait_job: unknown option 'timeot' %(did you mean 'timeout'%?%)")
  end)

  it("is a method: a dot is an error in words", function()
    local client = commvault.client "http://127.0.0.1:1"
    assert.error_matches(function() client.wait_job(12345) end, "write it with a colon")
  end)

  it("stands in the help", function()
    local help = require("coffer.helpers.show").help_text("commvault")
    assert.truthy(help:find("commvault:wait_job", 1, true))
  end)
end)
