-- What can go wrong on the wire with one request, as orders for the fault server, each with what a
-- caller is to be told. An order is made for a case of providers.lua.
--
--   row      the row of the catalogue
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

local faults = {
  {
    row = "A04",
    name = "a close right after accept",
    orders = always { accept = "close" },
    outcome = "unknown", code = "unreachable", creates = 0,
  },
  {
    row = "A05",
    name = "a reset after accept",
    orders = always { accept = "reset", after = 0.05 },
    outcome = "unknown", code = "unreachable", creates = 0,
  },
  {
    row = "A06",
    name = "a request read and then FIN",
    orders = always { finish = "close" },
    like = unanswered,
  },
  {
    row = "A07",
    name = "a request read and then RST",
    orders = always { finish = "reset" },
    like = unanswered,
  },
  {
    row = "A08",
    name = "a request read and then silence",
    orders = always { finish = "hang" },
    like = silent,
  },
  {
    row = "A08",
    name = "silence after half of the answer",
    orders = function(case)
      return { { send = cut(case), finish = "hang" } }
    end,
    like = silent,
  },
  {
    row = "A15",
    name = "100 Continue and then FIN",
    orders = always { send = "HTTP/1.1 100 Continue\r\n\r\n" },
    like = unanswered,
  },
  {
    row = "A15",
    name = "half a status line and then FIN",
    orders = always { send = "HTTP/1.1 20" },
    outcome = "unknown", creates = 1,
  },
  {
    row = "A15",
    name = "half of the headers and then RST",
    orders = function(case)
      return { { send = case.good():match "^.-\r\n", finish = "reset" } }
    end,
    like = unanswered,
  },
  {
    row = "B01",
    name = "a body that Content-Length says to be longer",
    orders = sending(cut),
    like = unreadable,
  },
  {
    row = "B01",
    name = "a body that ends in RST",
    orders = function(case)
      return { { send = { cut(case), { sleep = 0.02 } }, finish = "reset" } }
    end,
    outcome = "unknown", creates = 1,
  },
  {
    row = "B02",
    name = "a chunked body that is cut in a chunk",
    orders = sending(function(case)
      return cut(case, { framing = "chunked" })
    end),
    like = unreadable,
  },
  {
    row = "B02",
    name = "a chunked body without its last chunk",
    orders = sending(function(case)
      return (case.good({ framing = "chunked" }):sub(1, -6))
    end),
    like = unreadable,
  },
  {
    row = "B02",
    name = "a chunk size that is no number",
    orders = sending(function(case)
      return (case.good({ framing = "chunked" }):gsub("\r\n\r\n%x+", "\r\n\r\nzz", 1))
    end),
    like = unreadable,
  },
  {
    row = "B03",
    name = "a body without length that is closed in the middle",
    orders = sending(function(case)
      return cut(case, { framing = "none" })
    end),
    like = unreadable,
  },
  {
    row = "B06",
    name = "Content-Length: -5",
    orders = head_with "Content-Length: -5",
    like = unreadable,
  },
  {
    row = "B06",
    name = "Content-Length: 99999999999999999999",
    orders = head_with "Content-Length: 99999999999999999999",
    like = unreadable,
  },
  {
    row = "B06",
    name = "two Content-Length that differ",
    orders = sending(function(case)
      local line = "Content-Length: " .. #case.body() - 1
      return case.good { headers = { line } }
    end),
    like = unreadable,
  },
  {
    row = "B07",
    name = "an SSH banner instead of HTTP",
    orders = always { send = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n" },
    like = unreadable,
  },
  {
    row = "B07",
    name = "an SSH banner before the request",
    orders = always {
      read = "nothing",
      send = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    },
    outcome = "unknown", creates = 0,
  },
  {
    row = "B07",
    name = "an HTTP/0.9 body",
    orders = sending(function(case)
      return case.body()
    end),
    like = unreadable,
  },
  {
    row = "B09",
    name = "200 and a captive portal's HTML",
    orders = answer_of { status = 200, type = "text/html", body = HTML },
    like = unreadable,
  },
  {
    row = "B09",
    name = "the promised type and HTML",
    orders = body_of(HTML),
    like = unreadable,
  },
  {
    row = "B21",
    name = "a lone surrogate",
    orders = further_member [[\ud800]],
    like = unreadable,
  },
  {
    row = "B21",
    name = "an overlong UTF-8 sequence",
    orders = further_member "\xC0\xAF",
    like = unreadable,
  },
  {
    row = "B21",
    name = "a byte 0xFF",
    orders = further_member "\xFF",
    like = unreadable,
  },
  {
    row = "B22",
    name = "garbage after the JSON text",
    orders = sending(function(case)
      return case.good { body = case.body() .. "x" }
    end),
    like = unreadable,
  },
  {
    row = "B22",
    name = "a second JSON text after the first",
    orders = sending(function(case)
      return case.good { body = case.body() .. case.body() }
    end),
    like = unreadable,
  },
  { row = "B23", name = "an empty body", orders = body_of "", like = unreadable },
  { row = "B23", name = "null", orders = body_of "null", like = unreadable },
  { row = "B23", name = "[]", orders = body_of "[]", like = unreadable },
  { row = "B23", name = '"ok"', orders = body_of '"ok"', like = unreadable },
  { row = "B23", name = "{}", orders = body_of "{}", like = unreadable },
  {
    row = "B23",
    name = "an answer without what names the thing",
    orders = sending(function(case)
      return case.good { changes = { [case.identity] = false } }
    end),
    like = unreadable,
  },
  {
    row = "B28",
    name = "64 MB of blanks before the JSON text",
    orders = function(case)
      local head = ("HTTP/1.1 %d OK\r\nContent-Type: %s\r\n\r\n"):format(case.status, case.type)
      return { { send = { head, { bytes = " ", times = 64 << 20 }, case.body() } } }
    end,
    like = unreadable,
  },
  {
    row = "F25",
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
    row = "F25",
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
    row = "F25",
    name = "one header of 400 KB",
    orders = always { send = "HTTP/1.1 200 OK\r\nX: " .. ("a"):rep(400000) .. "\r\n\r\n" },
    like = unreadable,
  },
  {
    row = "F25",
    name = "a flood of 100 Continue",
    orders = always { send = { { bytes = "HTTP/1.1 100 Continue\r\n\r\n", times = 200000 } } },
    like = unreadable,
  },
}

for _, fault in ipairs(faults) do
  for name, value in pairs(fault.like or {}) do
    fault[name] = value
  end
  fault.like = nil
end

--- The faults of a row, in order.
function faults.of(row)
  local found = {}
  for _, fault in ipairs(faults) do
    if fault.row == row then
      found[#found + 1] = fault
    end
  end
  return found
end

--- For a loop over the faults of these rows by the four creates: a name for the test, and a
--- function that runs it.
function faults.tests(...)
  local rows = { ... }
  return coroutine.wrap(function()
    for _, row in ipairs(rows) do
      for _, fault in ipairs(faults.of(row)) do
        for _, case in ipairs(providers.creates) do
          local name = ("%s %s leaves %s %s, sent once"):format(row, fault.name, case.name,
            fault.outcome)
          coroutine.yield(name, function()
            faults.check(fault, case)
          end)
        end
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
