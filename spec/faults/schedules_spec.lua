-- Random schedules of faults, from fixed seeds: whatever happens on the wire, what the caller is
-- told agrees with the server's ledger, and nothing exists twice.

local answers = require "answers"
local authority = require "authority"
local expect = require "expect"
local lists = require "lists"
local pauses = require "pauses"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local SCHEDULES = math.tointeger(tonumber(os.getenv "COFFER_SCHEDULES" or 500))
local TIMEOUT = 0.1 -- seconds of one attempt
local LATE = 0.13 -- seconds until a create is executed whose client is gone

local HTML = "<!DOCTYPE html><html><body>Please log in.</body></html>"

-- Orders. `executes` is false where the create is not executed, or later.

local function answer(status, headers, executes)
  return { send = answers.http { status = status, headers = headers, body = "{}" },
           finish = "keep", executes = executes }
end

local function cut(bytes)
  return bytes:sub(1, #bytes * 2 // 3)
end

--- Faults of a create that was executed.
local executed = {
  good = function(case) return { send = case.good(), finish = "keep" } end,
  chunked = function(case) return { send = case.good { framing = "chunked" }, finish = "keep" } end,
  ["answered bit by bit"] = function(case)
    local bytes = case.good()
    return { send = { bytes:sub(1, 20), { sleep = 0.01 }, bytes:sub(21) }, finish = "keep" }
  end,
  closed = function() return {} end,
  reset = function() return { finish = "reset" } end,
  silence = function() return { finish = "hang" } end,
  ["half an answer"] = function(case) return { send = cut(case.good()) } end,
  ["half an answer and reset"] = function(case)
    return { send = cut(case.good()), finish = "reset" }
  end,
  ["half a chunk"] = function(case) return { send = cut(case.good { framing = "chunked" }) } end,
  ["half an answer and silence"] = function(case)
    return { send = cut(case.good()), finish = "hang" }
  end,
  ["100 and closed"] = function() return { send = "HTTP/1.1 100 Continue\r\n\r\n" } end,
  garbage = function() return { send = "SSH-2.0-OpenSSH_9.2\r\n" } end,
  ["no JSON"] = function(case) return { send = case.good { body = '{"id":' }, finish = "keep" } end,
  empty = function(case) return { send = case.good { body = "" }, finish = "keep" } end,
  HTML = function(case)
    return { send = case.good { type = "text/html", body = HTML }, finish = "keep" }
  end,
  ["301"] = function() return answer(301, { "Location: https://elsewhere.example/" }) end,
  ["408"] = function() return answer(408) end,
  ["500"] = function() return answer(500) end,
  ["502"] = function() return answer(502) end,
  ["503"] = function() return answer(503, { "Retry-After: 1" }) end,
  ["504"] = function() return answer(504) end,
}

--- Faults of a create that was not executed when it arrived.
local not_executed = {
  ["closed unread"] = function() return { executes = false } end,
  ["reset unread"] = function() return { executes = false, finish = "reset" } end,
  ["reset in the midst"] = function() return { read = "head", finish = "reset" } end,
  ["400"] = function() return answer(400, nil, false) end,
  ["401"] = function() return answer(401, nil, false) end,
  ["403"] = function() return answer(403, nil, false) end,
  ["429"] = function() return answer(429, nil, false) end,
  ["429 with 0 s"] = function() return answer(429, { "Retry-After: 0" }, false) end,
  ["429 with an hour"] = function() return answer(429, { "Retry-After: 3600" }, false) end,
  ["500 before"] = function() return answer(500, nil, false) end,
  ["503 before"] = function() return answer(503, { "Retry-After: 1" }, false) end,
  ["308"] = function() return answer(308, { "Location: https://elsewhere.example/" }, false) end,
  late = function()
    return { executes = false, send = { { sleep = LATE }, { create = "once" } }, finish = "close" }
  end,
}

--- Faults of a list.
local unseen = {
  closed = function() return {} end,
  reset = function() return { finish = "reset" } end,
  silence = function() return { finish = "hang" } end,
  ["half an answer"] = function(list) return { send = cut(lists.keep(list, {}).send) } end,
  ["no JSON"] = function() return answers.keep { body = "[1," } end,
  ["403"] = function() return answer(403) end,
  ["429"] = function() return answer(429, { "Retry-After: 0" }) end,
  ["500"] = function() return answer(500) end,
  ["503"] = function() return answer(503, { "Retry-After: 1" }) end,
  stale = function(list) return lists.keep(list, {}) end,
}

local function names_of(faults)
  local names = {}
  for name in pairs(faults) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local executed_names, other_names, unseen_names =
  names_of(executed), names_of(not_executed), names_of(unseen)

local function pick(names)
  return names[math.random(#names)]
end

-- Schedules

local function draw_creates(case, story)
  local orders = {}
  for i = 1, 4 do
    local has_executed = math.random() < 0.5
    local name = math.random() < 0.2 and "good"
      or pick(has_executed and executed_names or other_names)
    local order = (executed[name] or not_executed[name])(case)
    story[#story + 1] = "POST " .. name
    orders[i] = case.refuses_second and { created = lists.conflict(case), absent = order }
      or order
  end
  return orders
end

local function draw_looks(case, story, exists)
  local list = lists[case.provider]
  local truth = { created = lists.keep(list, { list.item() }), absent = lists.keep(list, {}) }
  local usual = math.random() < 0.15 and "stale" or "truth"
  local orders = {}
  for i = 1, 8 do
    local name = math.random() < 0.75 and usual or pick(unseen_names)
    -- no care helps against a first look that does not show what is there
    name = exists and name == "stale" and "500" or name
    story[#story + 1] = "GET " .. name
    orders[i] = name == "truth" and truth or unseen[name](list)
  end
  return orders
end

local function draw_accepts(story)
  local orders = {}
  while math.random() < 0.15 do
    local how = math.random() < 0.5 and "close" or "reset"
    story[#story + 1] = "accept " .. how
    orders[#orders + 1] = { accept = how }
  end
  orders[#orders + 1] = {}
  return orders
end

local function draw(number, case)
  math.randomseed(number * 0x9E3779B97F4A7C15, number)
  local schedule = {
    case = case, story = {}, is_ensured = math.random() < 0.6, attempts = math.random(3),
    has_tls = math.random() < 0.25,
  }
  schedule.exists = schedule.is_ensured and math.random() < 0.2
  local orders = draw_accepts(schedule.story)
  orders.exists = schedule.exists
  orders.paths = { ["POST " .. case.path] = draw_creates(case, schedule.story) }
  if lists[case.provider] then
    orders.paths["GET " .. lists[case.provider].path] =
      draw_looks(case, schedule.story, schedule.exists)
  end
  schedule.orders = orders
  return schedule
end

local function title(number, schedule)
  return ("schedule %d: %s%s%s%s"):format(number, schedule.case.provider,
    schedule.is_ensured and " ensures" or " creates", schedule.exists and " what is there" or "",
    schedule.has_tls and " by TLS" or "")
end

-- Judging

--- What may be said of a create, by how many the call has executed.
local function judge_create(made, thing, failure)
  if thing then
    return made == 1
  elseif failure.outcome == "unknown" then
    return made <= 1
  end
  return made == 0
end

--- The same of ensure: `before` is how many there were.
local function judge_ensure(made, thing, told, before)
  if before + made > 1 then
    return false
  elseif not thing then
    return judge_create(made, nil, told)
  end
  local said = { created = made == 1, found = before == 1, recovered = before + made == 1 }
  return said[told]
end

local ways = {
  [true] = {
    judge = judge_ensure,
    call = function(case, client) return lists.ensure(case, client, { settle = 0.01 }) end,
  },
  [false] = {
    judge = judge_create,
    call = function(case, client) return case.create(client) end,
  },
}

local heard = {}

local function note(thing, told)
  local word = thing and (told or "created") or told.outcome
  heard[word] = (heard[word] or 0) + 1
end

--- Makes the call and judges what it told. Answers how many there are then.
local function run(schedule, faulty, client)
  local way, before = ways[schedule.is_ensured], schedule.exists and 1 or 0
  local story = table.concat(schedule.story, ", ")
  faulty:order(schedule.orders)
  local start = faulty:creates()
  local thing, told = way.call(schedule.case, client)
  socket.sleep(story:find("late", 1, true) and LATE or 0)
  local made = faulty:creates() - start
  assert(way.judge(made, thing, told, before),
    ("told: %s; %d before, %d made; %s"):format(tostring(told), before, made, story))
  expect.no_canary(tostring(told))
  note(thing, told)
  return before + made
end

--- With the faults gone, ensure makes it one thing and no more.
local function mend(case, faulty, client, count)
  local orders = lists.orders(case, { case.refuses_second
    and { created = lists.conflict(case), absent = executed.good(case) } or executed.good(case) })
  orders.exists = count == 1
  faulty:order(orders)
  local start = faulty:creates()
  local thing, word = lists.ensure(case, client)
  assert.equal(count == 1 and "found" or "created", thing and word, tostring(word))
  assert.equal(1, count + faulty:creates() - start)
end

local ensurable = providers.where(function(case) return case.ensure end)

describe("a schedule of faults", function()
  local made = authority.get()
  local servers, slept = {}, nil

  local function stop_servers()
    for name, faulty in pairs(servers) do
      faulty:stop()
      servers[name] = nil
    end
  end

  local served = 0

  local function server_for(has_tls)
    served = served + 1
    if served % 500 == 0 then -- a fault server does not live for ever
      stop_servers()
    end
    local name = has_tls and "tls" or "plain"
    servers[name] = servers[name] or server.start { tls = has_tls and made.good or nil }
    return servers[name]
  end

  setup(function()
    slept = pauses.skip(function(seconds) socket.sleep(math.min(seconds, 0.01)) end)
  end)

  teardown(function()
    getmetatable(slept).__close()
  end)

  for place, case in ipairs(ensurable) do
    describe("at " .. case.provider, function()
      teardown(stop_servers)

      for number = place, SCHEDULES, #ensurable do
        local schedule = draw(number, case)
        it(title(number, schedule), function()
          local faulty = server_for(schedule.has_tls)
          local options = { attempts = schedule.attempts, timeout = TIMEOUT,
            ca_file = schedule.has_tls and made.root or nil }
          local count = run(schedule, faulty, case.client(faulty.url, options))
          mend(case, faulty, case.client(faulty.url, { ca_file = options.ca_file }),
            schedule.is_ensured and count or math.min(count, 1))
        end)
      end
    end)
  end

  it("was of every kind", function()
    for _, word in ipairs { "created", "found", "recovered", "unknown", "refused", "not_sent" } do
      assert.is_true((heard[word] or 0) >= 5, word .. " was told too seldom")
    end
  end)
end)
