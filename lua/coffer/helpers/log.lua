--- One event for each attempt. What can be a secret is not in it: no body, no
-- query, and of the headers only those that are listed here.
local text = require "coffer.values.text"
local guarded = require "coffer.guarded"

local log = {}

local MAX_LENGTH = 1000 -- bytes of a line

local shown_headers = { "content-type", "content-length", "date", "retry-after", "x-request-id" }

--- The line on stderr that COFFER_LOG=debug asks for.
local function to_stderr(level, event, fields)
  local words = { ("coffer %s %s:"):format(level, event) }
  for _, name in ipairs {
    "provider", "operation", "method", "address", "attempt", "seconds", "status", "outcome", "code",
  } do
    if fields[name] ~= nil then
      local value = fields[name]
      words[#words + 1] = ("%s=%s"):format(name,
        math.type(value) == "float" and ("%.3f"):format(value) or tostring(value))
    end
  end
  io.stderr:write(text.line(table.concat(words, " "), MAX_LENGTH), "\n")
end

local function headers_of(request, response)
  local shown = {}
  for _, name in ipairs(shown_headers) do
    local value = response and response.headers[name]
    shown[name] = value and text.clean(request:scrub(value))
  end
  return shown
end

--- Tells of an attempt that is over. An error of the log function must not
-- cost its caller the answer: it is warned of, without its text.
local function tell(given, state, attempt)
  local described = attempt.request:describe()
  local response = attempt.request:response()
  local facts = attempt.facts or {}
  local is_done = guarded.call(given, "debug", "attempt", {
    provider = state.provider,
    operation = attempt.operation.name,
    method = described.method,
    address = attempt.request:scrub(described.url:match "^[^?]*"),
    attempt = attempt.number,
    seconds = attempt.seconds,
    status = response and response.status,
    outcome = facts.outcome or "answered",
    code = facts.code,
    headers = headers_of(attempt.request, response),
  })
  if not is_done then
    warn "coffer: the log function raised an error"
  end
end

--- What tells of a client's attempts: a function of its state and of an attempt,
-- { operation =, request =, number =, seconds =, facts = }.
-- @param given function or nil: option `log`; without it, lines go to stderr
function log.of(given)
  given = given or to_stderr
  return function(state, attempt)
    tell(given, state, attempt)
  end
end

return log
