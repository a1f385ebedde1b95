-- What can go wrong on the wire with one request, as orders for the fault server, each with what a
-- caller is to be told. An order is made for a case of providers.lua.
--
--   name     the fault in words
--   orders   function(case): the list of orders
--   outcome, code
--   creates  how many the server has executed then
--   timeout  seconds, where the fault is silence

local expect = require "expect"
local luassert = require "luassert"
local providers = require "providers"
local server = require "server"

local function always(order)
  return function()
    return { order }
  end
end

--- The answer's bytes up to the middle of the body.
local function cut(case, options)
  local bytes = case.good(options)
  local body_at = bytes:find("\r\n\r\n", 1, true) + 4
  return bytes:sub(1, body_at + (#bytes - body_at) // 2)
end

local function sending(make)
  return function(case)
    return { { send = make(case) } }
  end
end

local function answer_of(options)
  return sending(function(case)
    return case.good(options)
  end)
end

local function body_of(body)
  return answer_of { body = body }
end

--- A good body with a member that holds these bytes as a string.
local function further_member(bytes)
  return answer_of { changes = { further = '"' .. bytes .. '"' } }
end

local HTML = "<!DOCTYPE html><html><body>Please log in to the network.</body></html>"

local function head_with(line)
  return sending(function(case)
    local head = ("HTTP/1.1 %d OK\r\nContent-Type: %s\r\n"):format(case.status, case.type)
    return head .. line .. "\r\n\r\n" .. case.body()
  end)
end

local unanswered = { outcome = "unknown", code = "unreachable", creates = 1 }
local silent = { outcome = "unknown", code = "timeout", creates = 1, timeout = 0.3 }
local unreadable = { outcome = "unknown", code = "protocol", creates = 1 }

local faults = {}

--- Connections that break.
faults.connections = {
  {
    name = "a close right after accept",
    orders = always { accept = "close" },
    outcome = "unknown", code = "unreachable", creates = 0,
  },
  {
    name = "a reset after accept",
    orders = always { accept = "reset", after = 0.05 },
    outcome = "unknown", code = "unreachable", creates = 0,
  },
  {
    name = "a request read and then FIN",
    orders = always { finish = "close" },
    like = unanswered,
  },
  {
    name = "a request read and then RST",
    orders = always { finish = "reset" },
    like = unanswered,
  },
  {
    name = "a request read and then silence",
    orders = always { finish = "hang" },
    like = silent,
  },
  {
    name = "silence after half of the answer",
    orders = function(case)
      return { { send = cut(case), finish = "hang" } }
    end,
    like = silent,
  },
  {
    name = "100 Continue and then FIN",
    orders = always { send = "HTTP/1.1 100 Continue\r\n\r\n" },
    like = unanswered,
  },
  {
    name = "half a status line and then FIN",
    orders = always { send = "HTTP/1.1 20" },
    outcome = "unknown", creates = 1,
  },
  {
    name = "half of the headers and then RST",
    orders = function(case)
      return { { send = case.good():match "^.-\r\n", finish = "reset" } }
    end,
    like = unanswered,
  },
}

--- Answers that are cut, lie or cannot be read.
faults.answers = {
  {
    name = "a body that Content-Length says to be longer",
    orders = sending(cut),
    like = unreadable,
  },
  {
    name = "a body that ends in RST",
    orders = function(case)
      return { { send = { cut(case), { sleep = 0.02 } }, finish = "reset" } }
    end,
    outcome = "unknown", creates = 1,
  },
  {
    name = "a chunked body that is cut in a chunk",
    orders = sending(function(case)
      return cut(case, { framing = "chunked" })
    end),
    like = unreadable,
  },
  {
    name = "a chunked body without its last chunk",
    orders = sending(function(case)
      return (case.good({ framing = "chunked" }):sub(1, -6))
    end),
    like = unreadable,
  },
  {
    name = "a chunk size that is no number",
    orders = sending(function(case)
      return (case.good({ framing = "chunked" }):gsub("\r\n\r\n%x+", "\r\n\r\nzz", 1))
    end),
    like = unreadable,
  },
  {
    name = "a body without length that is closed in the middle",
    orders = sending(function(case)
      return cut(case, { framing = "none" })
    end),
    like = unreadable,
  },
  {
    name = "Content-Length: -5",
    orders = head_with "Content-Length: -5",
    like = unreadable,
  },
  {
    name = "Content-Length: 99999999999999999999",
    orders = head_with "Content-Length: 99999999999999999999",
    like = unreadable,
  },
  {
    name = "two Content-Length that differ",
    orders = sending(function(case)
      local line = "Content-Length: " .. #case.body() - 1
      return case.good { headers = { line } }
    end),
    like = unreadable,
  },
  {
    name = "an SSH banner instead of HTTP",
    orders = always { send = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n" },
    like = unreadable,
  },
  {
    name = "an SSH banner before the request",
    orders = always {
      read = "nothing",
      send = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    },
    outcome = "unknown", creates = 0,
  },
  {
    name = "an HTTP/0.9 body",
    orders = sending(function(case)
      return case.body()
    end),
    like = unreadable,
  },
  {
    name = "200 and a captive portal's HTML",
    orders = answer_of { status = 200, type = "text/html", body = HTML },
    like = unreadable,
  },
  {
    name = "the promised type and HTML",
    orders = body_of(HTML),
    like = unreadable,
  },
  {
    name = "a lone surrogate",
    orders = further_member [[\ud800]],
    like = unreadable,
  },
  {
    name = "an overlong UTF-8 sequence",
    orders = further_member "\xC0\xAF",
    like = unreadable,
  },
  {
    name = "a byte 0xFF",
    orders = further_member "\xFF",
    like = unreadable,
  },
  {
    name = "garbage after the JSON text",
    orders = sending(function(case)
      return case.good { body = case.body() .. "x" }
    end),
    like = unreadable,
  },
  {
    name = "a second JSON text after the first",
    orders = sending(function(case)
      return case.good { body = case.body() .. case.body() }
    end),
    like = unreadable,
  },
  { name = "an empty body", orders = body_of "", like = unreadable },
  { name = "null", orders = body_of "null", like = unreadable },
  { name = "[]", orders = body_of "[]", like = unreadable },
  { name = '"ok"', orders = body_of '"ok"', like = unreadable },
  { name = "{}", orders = body_of "{}", like = unreadable },
  {
    name = "an answer without what names the thing",
    orders = sending(function(case)
      return case.good { changes = { [case.identity] = false } }
    end),
    like = unreadable,
  },
}

--- Headers without end.
faults.floods = {
  {
    name = "200,000 headers of 1 KB",
    orders = always {
      send = {
        "HTTP/1.1 200 OK\r\n",
        { bytes = "X-Flood: " .. ("a"):rep(1013) .. "\r\n", times = 200000 },
      },
    },
    like = unreadable,
  },
  {
    name = "3,000,000 headers of 103 bytes",
    orders = always {
      send = {
        "HTTP/1.1 200 OK\r\n",
        { bytes = "X-Flood: " .. ("a"):rep(92) .. "\r\n", times = 3000000 },
      },
    },
    like = unreadable,
  },
  {
    name = "one header of 400 KB",
    orders = always { send = "HTTP/1.1 200 OK\r\nX: " .. ("a"):rep(400000) .. "\r\n\r\n" },
    like = unreadable,
  },
  {
    name = "a flood of 100 Continue",
    orders = always { send = { { bytes = "HTTP/1.1 100 Continue\r\n\r\n", times = 200000 } } },
    like = unreadable,
  },
}

--- A body that is too big.
faults.blanks = {
  name = "64 MB of blanks before the JSON text",
  orders = function(case)
    local head = ("HTTP/1.1 %d OK\r\nContent-Type: %s\r\n\r\n"):format(case.status, case.type)
    return { { send = { head, { bytes = " ", times = 64 << 20 }, case.body() } } }
  end,
  like = unreadable,
}

local function complete(fault)
  for name, value in pairs(fault.like or {}) do
    fault[name] = value
  end
  fault.like = nil
end

complete(faults.blanks)
for _, kind in ipairs { "connections", "answers", "floods" } do
  for _, fault in ipairs(faults[kind]) do
    complete(fault)
    faults[fault.name] = fault
  end
end

--- For a loop over such a list by every provider's create: a name for the test, and a function that
--- runs it.
function faults.tests(list)
  return coroutine.wrap(function()
    for _, fault in ipairs(list) do
      for _, case in ipairs(providers.creates) do
        local name = ("leaves %s %s, sent once: %s"):format(case.name, fault.outcome, fault.name)
        coroutine.yield(name, function()
          faults.check(fault, case)
        end)
      end
    end
  end)
end

--- Runs one create into the fault: what is told is true, and the server saw it once. Answers the
--- failure.
function faults.check(fault, case)
  local faulty <close> = server.start(fault.orders(case))
  local client = case.client(faulty.url, { timeout = fault.timeout or 10 })
  local failure = expect.failure(fault.outcome, fault.code, case.create(client))
  luassert.equal(case.provider, failure.provider)
  luassert.equal(case.operation, failure.operation)
  luassert.equal(fault.creates, faulty:creates())
  luassert.equal(1, #faulty:connections())
  luassert.is_true(#faulty:requests() <= 1)
  return failure
end

return faults
