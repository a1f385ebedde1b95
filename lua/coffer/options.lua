--- The options that Lua takes, of clients and of calls; the core takes the
-- others.
local core = require "coffer.core"

local policy = {}

--- The shortest time that counts, in seconds.
local LEAST = 0.001

--- What was given instead of a number that is fine.
local function given(value)
  return type(value) == "number" and tostring(value) or "a " .. type(value)
end

local function whole(least, most)
  return function(value)
    if math.type(value) ~= "integer" or value < least or value > most then
      return ("must be a whole number from %d to %d, got %s"):format(least, most, given(value))
    end
  end
end

local function seconds(most)
  return function(value)
    if type(value) ~= "number" or not (value >= LEAST and value <= most) then
      return ("must be a number of seconds from %s to %d, got %s"):format(LEAST, most, given(value))
    end
  end
end

local function of_type(wanted)
  return function(value)
    if type(value) ~= wanted then
      return ("must be a %s, got %s"):format(wanted, type(value))
    end
  end
end

local function file_path(value)
  if type(value) ~= "string" then
    return "must be the path of a file, got a " .. type(value)
  elseif value == "" or value:find "\0" then
    return "must be the path of a file"
  end
end

policy.checks = {
  attempts = whole(1, 100),
  deadline = seconds(86400),
  log = of_type "function",
  on_tokens = of_type "function",
  token_file = of_type "string",
  timeout = seconds(86400),
  interval = seconds(3600),
  settle = seconds(3600),
  lock = file_path,
  sightings = whole(1, 100),
  errors = whole(0, 100),
  at_once = whole(1, 10000),
  per_second = function(value)
    if type(value) ~= "number" or not (value > 0 and value <= 100000) then
      return "must be a number of requests, more than 0, at most 100000, got " .. given(value)
    end
  end,
  stop_on_failure = of_type "boolean",
  extra = of_type "table",
  on_progress = of_type "function",
}

--- Raises at the line of whoever called the public function.
local function raise(whose, name, wrong)
  core.misuse(("%s: option '%s' %s"):format(whose, name, wrong))
end

--- Raises for an option that is wrong, at the line of whoever called the
-- function that asks.
-- @param whose string: begins the message
-- @param options table or nil
-- @param names list of the options to look at
function policy.check(whose, options, names)
  if type(options) ~= "table" then
    return
  end
  for _, name in ipairs(names) do
    local value = rawget(options, name)
    local wrong = value ~= nil and policy.checks[name](value)
    if wrong then
      raise(whose, name, wrong)
    end
  end
end

--- What to do about an unknown option.
local function way_out(name, known, nearest)
  if type(name) ~= "string" then
    return ""
  elseif core.is_verification(name) then
    return " (certificates are always verified, there is no such switch: give ca_file)"
  end
  local meant, home = nearest(name, known)
  if home then
    return (" (it is an option of %s)"):format(home)
  end
  return meant and (" (did you mean '%s'?)"):format(meant) or ""
end

--- The same for options that are all Lua's: others are unknown.
function policy.check_all(whose, options, names, nearest)
  local known = {}
  for _, name in ipairs(names) do
    known[name] = true
  end
  if options ~= nil and type(options) ~= "table" then
    core.misuse(("%s takes a table of options, got %s"):format(whose, type(options)))
  end
  for name, value in pairs(options or {}) do
    if not known[name] then
      raise(whose, tostring(name), "is not known" .. way_out(name, known, nearest))
    end
    local wrong = policy.checks[name](value)
    if wrong then
      raise(whose, name, wrong)
    end
  end
end

return policy
