--- Every option of every constructor, call and helper: what it may be, its default, and one line
-- about it. It is checked here and nowhere else, but for the settings of a provider, such as its
-- token: the environment can give those as well, so the core checks them.
local core = require "coffer.core"
local kinds = require "coffer.values.kinds"
local nearest = require "coffer.values.nearest"
local text = require "coffer.values.text"

local options = {}

local callback, flag, path, seconds, whole, words = kinds.callback, kinds.flag, kinds.path,
  kinds.seconds, kinds.whole, kinds.words

-- The table: name, kind (none where the core checks it), one line about it. `also` is what others
-- call it; one with `has_body` is of calls that have a body.

local DAY = 86400

local groups = {
  call = {
    { "timeout", seconds(DAY), "one attempt, instead of the client's" },
    { "deadline", seconds(DAY), "all attempts, instead of the client's",
      also = "max_time total_timeout" },
    { "attempts", whole(1, 100), "instead of the client's",
      also = "max_attempts max_retries retries retry tries" },
    { "extra", kinds.of_type("table", "a table of body fields"),
      "body fields that are sent as they are", has_body = true },
  },
  ensure = {
    { "settle", seconds(3600), "the wait before a look after an unknown outcome", default = 5 },
    { "lock", path, "path of a file that is locked meanwhile, against other processes" },
    { "deadline", seconds(DAY),
      "all of it together; one that is shorter than `settle` leaves no time for a second look" },
  },
  wait = {
    { "timeout", seconds(DAY), "then a failure with the code `timeout`; what is waited for goes on",
      default = 600 },
    { "interval", seconds(3600), "the pause before the second look; the next are longer",
      default = 2, also = "delay poll" },
    { "sightings", whole(1, 100), "how often in a row it has to be seen ready", default = 1 },
    { "on_progress", callback "fun(seen: coffer.look)", "a function that is told of each look" },
    { "errors", whole(0, 100), "of a wallet: how many looks may show an `Error` before it counts",
      default = 0 },
  },
  map = {
    { "at_once", whole(1, 10000), "items under way together", default = 32,
      also = "concurrency max_concurrent parallel workers" },
    { "per_second", kinds.rate, "requests a second of this map and those inside it, up to 100000",
      also = "rate rate_limit" },
    { "stop_on_failure", flag, "begins no other item behind a failure", default = false,
      also = "fail_fast" },
    { "on_progress", callback "fun(progress: { done: integer, total: integer })",
      "a function that is told of items that are over", also = "progress" },
  },
  client = {
    { "token", nil, "the credential: a string, a `coffer.secret`, or a function that gives one",
      type = "coffer.token", also = "access_token api_key api_token bearer key" },
    { "token_file", path, "path of a file that holds the token", also = "token_path" },
    { "base_url", nil, "where the API is", also = "address api_url endpoint host server uri url" },
    { "headers", kinds.headers, "further headers for every request, strings or secrets by name" },
    { "user_agent", kinds.header, "instead of `coffer/VERSION`", also = "agent" },
    { "timeout", seconds(DAY), "one attempt, from the look-up of the name to the last byte",
      default = 60 },
    { "connect_timeout", seconds(3600), "until there is a connection, TLS included", default = 10,
      also = "connection_timeout" },
    { "deadline", seconds(DAY), "all attempts and the pauses between them, from its turn on",
      default = 300 },
    { "attempts", whole(1, 100), "how often a request is tried where it may be sent again",
      default = 3 },
    { "max_response", kinds.bytes(1 << 30), "a longer answer is not read on", default = 16 << 20 },
    { "ca_file", path, "PEM file of the certificate authorities to trust, not the system's",
      also = "ca ca_bundle ca_cert ca_path cacert" },
    { "client_certificate", path, "PEM file to show who is asking",
      also = "cert certificate client_cert" },
    { "client_key", path, "PEM file of its key", also = "key_file keyfile private_key" },
    { "client_key_password", kinds.secret "password", "the password of an encrypted key",
      also = "key_password passphrase" },
    { "proxy", kinds.secret "proxy", "URL of a proxy, `http://user:password@host:port`" },
    { "use_env_proxy", flag, "take the proxy from `https_proxy` and the like", default = false },
    { "allow_keylog", flag, "open although `SSLKEYLOGFILE` is set", default = false },
    { "log", callback "fun(level: string, event: string, fields: table)",
      "a function that is told of each attempt", also = "logger on_log" },
    { "on_tokens", callback "fun(result: table)",
      "a function that is given the result of a log-in before anything else happens with it" },
  },
  sandbox = {
    { "wallet_enabled_after", whole(0), "by how many looks a wallet is enabled", default = 2 },
    { "job_completed_after", whole(0), "by how many looks a job is completed", default = 2 },
    { "strict", flag, "take only what the documents have", default = false },
  },
  fault = {
    { "operation", kinds.of_type("string", "the name of an operation"),
      "the name of the call, behind that of its provider and a dot where several have it",
      is_required = true },
    { "status", whole(200, 599), "the status to answer with" },
    { "body", words, "text to answer with" },
    { "headers", kinds.plain_headers, "further headers of the answer" },
    { "close", flag, "no answer, the connection is closed" },
    { "execute", flag, "do what was asked for, and then answer or close like this" },
    { "delay", seconds(3600, 0), "before the answer" },
    { "times", whole(1), "how many requests it is for", default = 1 },
  },
}

--- Where the options of a group belong, as a message says it. One of a call is named as that alone.
local homes = {
  { "call", "a call, in its second table" },
  { "ensure", "ensure_..., in its second table" }, { "wait", "wait" },
  { "map", "coffer.map, in its third argument" }, { "client", "the client, where it is made" },
}

-- Sets: the options that something takes, { names = in their order, rows = by name }.

local function set_up(row, group)
  local kind = row[2] or {}
  row.name, row.about, row.group = row[1], row[3], group
  row.type, row.wrong = row.type or kind.type or "string", kind.wrong
  row.least, row.most, row.unit = kind.least, kind.most, kind.unit
  return row
end

local function add(set, row)
  if not set.rows[row.name] then
    set.rows[row.name], set.names[#set.names + 1] = row, row.name
  end
end

--- What others call an option, by its name.
local called = {}
for group, rows in pairs(groups) do
  for _, row in ipairs(rows) do
    set_up(row, group)
    called[row.name] = ("%s %s "):format(called[row.name] or "", row.also or "")
  end
end

--- @param names list of groups; of two options of a name, the first one counts
-- @param without table or nil: what is not taken, by name
local function set_of(names, without)
  local set = { rows = {}, names = {} }
  for _, group in ipairs(names) do
    for _, row in ipairs(groups[group]) do
      if not (without and without[row.name]) then
        add(set, row)
      end
    end
  end
  return set
end

options.call = set_of { "call" }
options.ensure = set_of { "ensure", "call" }
options.ensure_many = set_of { "ensure", "call", "map" }
options.map = set_of { "map" }
options.sandbox = set_of { "sandbox" }
options.fault = set_of { "fault" }

--- The options of waiting, whose time-out is for all of it and whose looks have no body.
-- @param some list or nil: those that not every resource has
function options.wait(some)
  local without = { deadline = true, attempts = true, extra = true, errors = true }
  for _, name in ipairs(some or {}) do
    without[name] = nil
  end
  return set_of({ "wait", "call" }, without)
end

--- Names in a row, each in quotes.
local function quoted(names, quote, between)
  return quote .. table.concat(names, quote .. between .. quote) .. quote
end

--- The row of an option that a provider alone has.
-- @param setting table: as the core describes it
-- @param own table: what the provider's file has about it
local function own_row(setting, own, provider)
  local about, choices = own[1], setting.choices
  if choices then
    about = ("%s: %s"):format(about, quoted(choices, "`", ", "))
  end
  return set_up({ setting.name, nil, about, also = own.also, type = own.type
    or choices and quoted(choices, '"', "|")
    or setting.is_secret and "coffer.credential" or nil }, provider)
end

--- The options of a provider's constructor: its own, then those of all.
-- @param described table: the provider, as the core describes it
-- @param own table or nil: { about, also =, type = } of those that it alone has, by name
function options.client(described, own)
  local set = { rows = {}, names = {}, token_header = text.lower(described.token_header) }
  local common = set_of { "client" }
  for _, setting in ipairs(described.settings) do
    if not common.rows[setting.name] then
      add(set, own_row(setting, own and own[setting.name] or {}, described.name))
    end
  end
  for _, name in ipairs(common.names) do
    add(set, common.rows[name])
  end
  return set
end

--- The names of a set, for people.
-- @param has_body boolean or nil: those of calls with a body as well
function options.names(set, has_body)
  local names = {}
  for _, name in ipairs(set.names) do
    names[#names + 1] = (has_body or not set.rows[name].has_body) and name or nil
  end
  return names
end

--- What was given of one group, in a table of its own.
function options.of_group(set, given, group)
  local some = {}
  for name, value in next, given or some do
    some[name] = set.rows[name].group == group and value or nil
  end
  return some
end

--- The options with the defaults of what is not given.
function options.with_defaults(set, given)
  local all = {}
  for name, row in next, set.rows do
    local value = given and rawget(given, name)
    if value == nil then
      value = row.default
    end
    all[name] = value
  end
  return all
end

-- What is wrong -----------------------------------------------------------------

--- The switches of other programs that turn the verification of certificates off, by what is in
-- their names.
local unverified = {}
for word in ([[verif insecure validat invalidcert checkcert certcheck checkhost hostcheck checkpeer
  peercheck unauthorized selfsigned certreqs strictssl stricttls skipssl skiptls skipcert ignoressl
  ignoretls ignorecert trustall untrusted]]):gmatch "%S+" do
  unverified[#unverified + 1] = word
end

local function is_verification(name)
  local letters = text.lower(name):gsub("[^a-z]", "")
  for _, word in ipairs(unverified) do
    if letters:find(word, 1, true) then
      return true
    end
  end
end

local function home_of(name)
  local found = {}
  for _, home in ipairs(homes) do
    local is_there = set_of({ home[1] }).rows[name]
    if is_there and home[1] == "call" then
      return home[2]
    elseif is_there and (home[1] ~= "client" or #found == 0) then
      found[#found + 1] = home[2]
    end
  end
  return found[1] and table.concat(found, " and of ")
end

--- What to do about an unknown name: where it belongs; or what others call so, or what is spelt
-- like it.
-- @param known table: the names that count, as keys
local function way_out(set, name, known)
  local home, wanted = home_of(name), (" %s "):format(text.lower(name))
  if home then
    return (" (it is an option of %s)"):format(home)
  end
  for _, own in ipairs(set.names) do
    local also = (" %s %s "):format(set.rows[own].also or "", called[own] or "")
    if known[own] and name:find "%S" and also:find(wanted, 1, true) then
      return (" (did you mean '%s'?)"):format(own)
    end
  end
  return nearest.hint(name, known)
end

local MAX_NAME = 64 -- bytes in a message

local function refuse_unknown(whose, set, name)
  if type(name) ~= "string" then
    core.misuse(("%s: options are named, got a %s as name"):format(whose, type(name)))
  end
  name = text.line(name:sub(1, 4 * MAX_NAME), MAX_NAME)
  core.misuse(("%s: unknown option '%s'%s"):format(whose, name, is_verification(name)
    and " (certificates are always verified, there is no such switch: give ca_file)"
    or way_out(set, name, set.rows)))
end

--- Raises, at the line of whoever called the public function, for what is no option of the set or
-- has a wrong value.
-- @param whose string: begins the message
function options.check(whose, set, given)
  if given == nil then
    return
  elseif type(given) ~= "table" then
    core.misuse(("%s takes a table of options, got %s"):format(whose, type(given)))
  end
  local rows = set.rows
  for name, value in next, given do
    local row = rows[name] or refuse_unknown(whose, set, name)
    local wrong = row.wrong and row.wrong(value, set)
    if wrong then
      core.misuse(("%s: option '%s' %s"):format(whose, name, wrong))
    end
  end
end

--- Adds to the problems of parameters what unknown ones were meant to be.
-- @param set table: the options of the client, whose names many parameters have
function options.explain(set, problems)
  for _, problem in ipairs(problems) do
    if problem.known then
      problem.message = problem.message .. way_out(set, problem.field:match "[^.]*$", problem.known)
      problem.known = nil
    end
  end
end

return options
