-- The annotations for editors and what there is are the same.

local annotations = require "annotations"
local coffer = require "coffer"
local core = require "coffer.core"

local FILE = "lua/coffer/types.lua"

local classes, words = annotations.read(FILE)

local VAULT = {
  bucket = { clientName = "vault-one" }, plan = { planId = 11, planName = "Gold" },
  cvs3Endpoints = { { clientId = 1 } },
}

local box = coffer.sandbox()
local clients = {}
for name in pairs(core.providers) do
  clients[name] = assert(coffer[name](box:options(name)))
end

teardown(function() box:close() end)

local function names_of(set)
  local names = {}
  for name in pairs(set) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  return names
end

local function class_of(name)
  return assert(classes[name], "there is no class " .. name)
end

local function has_methods(wanted, class)
  assert.same(names_of(wanted), names_of(class_of(class).methods))
end

--- Every member of the table is a field of the class.
local function has_all(class, thing)
  for name in pairs(thing) do
    assert.is_truthy(annotations.field(classes, class, name), class .. " lacks " .. tostring(name))
  end
end

--- What a parameter's type is called in annotations.
local spelled = {
  string = "string", boolean = "boolean", int32 = "integer", int64 = "integer",
  code = "string|integer", secret = "coffer.credential", list = "%[%]", table = "", any = "",
}

local function fits_type(parameter, field)
  local text = field.type
  return text:find("^" .. spelled[parameter.type]) or text:find(spelled[parameter.type] .. "$")
    or text:find(spelled[parameter.type] .. " ")
    or parameter.type == "string" and (text:find '^"' or words[text:match "^%S+"])
end

describe("lua/coffer/types.lua", function()
  it("is as tools/types.lua writes it", function()
    local file = assert(io.open(FILE))
    local text = file:read "a"
    file:close()
    local written = assert(loadfile "tools/types.lua")()()
    assert(text == written, "the data have changed since it was written. Run: sh tools/types.sh")
  end)

  it("has nothing that an editor cannot read", function()
    assert.same({}, annotations.problems(FILE))
  end)
end)

describe("the reading of annotations", function()
  for _, line in ipairs {
    "---@field name strin", "---@field name", "---@feild name string", "---@return string[",
    "---@param on fun(a: string", "---@class coffer.one: coffer.two", '---| "one',
    "---@field name { a string }", "---@return table<string, coffer.nothing> found",
  } do
    it("finds what is wrong with " .. line, function()
      local path = os.tmpname()
      finally(function() os.remove(path) end)
      local file = assert(io.open(path, "w"))
      file:write(line, "\n")
      file:close()
      assert.equal(1, #annotations.problems(path))
    end)
  end
end)

for provider in pairs(core.providers) do
  local described = core.describe(provider)
  local meaning = require("coffer.providers." .. provider)
  local prefix = "coffer." .. provider

  describe("the annotations of " .. provider, function()
    it("have its clients' methods", function()
      has_methods(described.methods, prefix)
    end)

    for name, operation in pairs(described.operations) do
      local class = ("%s.%s"):format(prefix, name)
      if #operation.parameters > 0 then
        it("have the parameters of " .. name, function()
          local wanted = {}
          for _, parameter in ipairs(operation.parameters) do
            wanted[parameter.name] = true
          end
          assert.same(names_of(wanted), names_of(class_of(class).fields))
        end)

        it("have the types of what " .. name .. " takes", function()
          local settings = core.settings(clients[provider], "parameters") or {}
          for _, parameter in ipairs(operation.parameters) do
            local field = class_of(class).fields[parameter.name]
            local is_of_client = settings[parameter.name] ~= nil
            assert.equal(parameter.is_required and not is_of_client, not field.is_optional,
              "whether it is required: " .. parameter.name)
            assert.is_truthy(fits_type(parameter, field), ("%s is a %s, not a %s")
              :format(parameter.name, parameter.type, field.type))
          end
        end)
      end
    end

    for name, resource in pairs(meaning.resources) do
      it("have what can be done with a " .. name, function()
        local wanted = {}
        for method in pairs(resource.methods or {}) do
          wanted[method] = true
        end
        local class = prefix .. "." .. name:gsub(" ", "_")
        wanted.wait = class_of(class).methods.wait
        has_methods(wanted, class)
      end)
    end
  end)
end

describe("the annotations of results", function()
  it("have every field of a wallet", function()
    local wallet = assert(clients.clumio:create_wallet "123456789012")
    has_all("coffer.clumio.wallet", wallet)
    assert.is_function(wallet.wait)
  end)

  it("have every field of a vault", function()
    local vault = assert(clients.commvault:create_s3_vault(VAULT))
    has_all("coffer.commvault.vault", vault)
    has_all("coffer.commvault.response", vault.response)
    has_all("coffer.commvault.entity", vault.response.entity)
    has_all("coffer.commvault.endpoint_job", vault.addEndpointJob)
    assert.is_function(vault.wait)
  end)

  it("have every field of an account and a user: ecl", function()
    has_all("coffer.ecl.account", assert(clients.ecl:create_account()))
    has_all("coffer.ecl.user", assert(clients.ecl:create_user "bob").User[1])
  end)

  it("have every field of an account: astra", function()
    local account = assert(clients.astra:create_account {
      name = "one", metadata = { labels = { { name = "a", value = "b" } } },
    })
    has_all("coffer.astra.account", account)
    has_all("coffer.astra.metadata", account.metadata)
    has_all("coffer.astra.label", account.metadata.labels[1])
    assert.is_function(account.wait)
  end)

  it("have every field of a failure and its response", function()
    local headers = { ["Retry-After"] = "1" }
    box:fail { operation = "astra.create_account", status = 503, headers = headers }
    local _, failure = clients.astra:create_account "two"
    has_all("coffer.failure", failure)
    has_all("coffer.detail", failure.details[1])
    has_all("coffer.response", coffer.response(failure))
  end)

  it("have every field of a prepared request", function()
    has_all("coffer.request", clients.astra:request("create_account", "three"))
  end)
end)

describe("the annotations of the module", function()
  it("have everything that is in it", function()
    local wanted = {}
    for name in pairs(coffer) do
      wanted[name] = true
    end
    local there = {}
    for name in pairs(class_of "coffer".methods) do there[name] = true end
    for name in pairs(class_of "coffer".fields) do there[name] = true end
    assert.same(names_of(wanted), names_of(there))
  end)

  local function methods_of(object)
    return getmetatable(object).__index
  end

  it("have the methods of a secret", function()
    has_methods(methods_of(coffer.secret "s"), "coffer.secret")
  end)

  it("have the methods of a sandbox", function()
    has_methods(methods_of(box), "coffer.sandbox")
  end)

  it("have the methods of a prepared request", function()
    local prepared = clients.clumio:request "list_wallets"
    has_methods(methods_of(methods_of(prepared)), "coffer.request") -- behind its fields
  end)

  it("have the methods of pages", function()
    has_methods(methods_of(clients.clumio:wallets()), "coffer.pages")
  end)

  --- The rows of the table of codes have an outcome in their second column.
  local function documented_code(line)
    local code, outcome = line:match "^| `(%l[%l_]+)` | ([%l_]+)[%l_, ]* |"
    local is_outcome = outcome == "not_sent" or outcome == "refused" or outcome == "unknown"
    return is_outcome and code or nil
  end

  it("have the codes that the documents have", function()
    local documented = {}
    for line in io.lines "docs/failures.md" do
      documented[#documented + 1] = documented_code(line)
    end
    table.sort(documented)
    local codes = words["coffer.code"]
    table.sort(codes)
    assert.same(documented, codes)
  end)
end)

describe("the annotations of options", function()
  local options = require "coffer.options"

  local function has_options(set, class, ...)
    local there, wanted = {}, {}
    for _, name in ipairs { class, ... } do
      for field in pairs(class_of(name).fields) do
        there[field] = true
      end
    end
    for _, name in ipairs(set.names) do
      wanted[name] = true
    end
    assert.same(names_of(wanted), names_of(there))
  end

  for name in pairs(core.providers) do
    it("have the options of a client and no other: " .. name, function()
      local set = options.client(core.describe(name), require("coffer.providers." .. name).options)
      has_options(set, "coffer.options", ("coffer.%s.options"):format(name))
    end)
  end

  it("have the options of a call and no other", function()
    has_options(options.call, "coffer.call_options")
  end)

  it("have the options of helpers and no other", function()
    has_options(options.ensure, "coffer.ensure_options", "coffer.call_options")
    has_options(options.ensure_many, "coffer.ensure_many_options", "coffer.ensure_options",
      "coffer.call_options")
    has_options(options.wait { "errors" }, "coffer.wait_options")
    has_options(options.map, "coffer.map_options")
  end)

  it("have the options of the sandbox and its faults and no other", function()
    has_options(options.sandbox, "coffer.sandbox_options")
    has_options(options.fault, "coffer.fault")
  end)
end)
