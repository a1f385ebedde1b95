-- coffer.secret: text that is not shown, is wiped, and is read by :reveal() alone.

local cjson = require "cjson"
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"

local CANARY = "canary-hush-hush"

local function secret()
  return coffer.secret(CANARY)
end

--- The function raises, and what it raises does not have the text.
local function refuses(action)
  local done, trouble = pcall(action)
  assert.is_false(done, "taken, though it should be refused")
  assert.is_nil(tostring(trouble):find(CANARY, 1, true))
  return tostring(trouble)
end

--- What an inspect-style dumper shows: every key and value that it can get at, metatables too.
local function dump(value, seen)
  seen = seen or {}
  if seen[value] then
    return ""
  end
  if type(value) ~= "table" then
    local meta = type(value) == "userdata" and getmetatable(value)
    return tostring(value) .. (meta and dump(meta, seen) or "")
  end
  seen[value] = true
  local parts = { dump(getmetatable(value) or "", seen) }
  for key, item in next, value do
    parts[#parts + 1] = dump(key, seen) .. "=" .. dump(item, seen)
  end
  return table.concat(parts, ",")
end

describe("a secret", function()
  it("prints as [secret]", function()
    assert.equal("[secret]", tostring(secret()))
    assert.equal("[secret]", ("%s"):format(secret()))
    assert.equal("[secret]", ("%10.8s"):format(secret()):match "%S+")
  end)

  local refused = {
    ["concatenation from the left"] = function() return "x" .. secret() end,
    ["concatenation from the right"] = function() return secret() .. "x" end,
    ["concatenation with another"] = function() return secret() .. secret() end,
    ["its length"] = function() return #secret() end,
    ["a comparison"] = function() return secret() < secret() end,
    ["a comparison with text"] = function() return secret() <= CANARY end,
    ["arithmetic"] = function() return secret() + 1 end,
    ["a call"] = function() return secret()() end,
    ["pairs"] = function() return pairs(secret())(secret()) end,
    ["next"] = function() return next(secret()) end,
    ["rawlen"] = function() return rawlen(secret()) end,
    ["rawget"] = function() return rawget(secret(), 1) end,
    ["an assignment"] = function() secret().text = "x" end,
    ["string.sub"] = function() return string.sub(secret(), 1) end,
    ["string.byte"] = function() return string.byte(secret()) end,
    ["string.rep"] = function() return string.rep(secret(), 2) end,
    ["string.gsub"] = function() return string.gsub(secret(), ".", "%0") end,
    ["string.pack"] = function() return string.pack("z", secret()) end,
    ["table.concat"] = function() return table.concat { secret() } end,
    ["io.write"] = function() return io.tmpfile():write(secret()) end,
    ["load"] = function() assert(load(secret())) end,
    ["cjson.encode"] = function() return cjson.encode(secret()) end,
    ["cjson.encode of a table"] = function() return cjson.encode { token = secret() } end,
    ["a method of strings"] = function() return secret():sub(1) end,
  }

  for name, action in pairs(refused) do
    it("is no text for " .. name, function()
      refuses(action)
    end)
  end

  it("says how to read it where text is wanted", function()
    assert.matches(":reveal()", refuses(refused["concatenation from the left"]), 1, true)
  end)

  it("is not shown by %q and %d", function()
    refuses(function() return ("%q"):format(secret()) end)
    refuses(function() return ("%d"):format(secret()) end)
  end)

  it("has no member but its methods", function()
    assert.is_nil(secret().text)
    assert.is_nil(secret()[1])
    assert.is_nil(secret().bytes)
  end)

  it("is not shown by dumpers", function()
    local shown = dump { token = secret(), [secret()] = 1 }
    assert.is_nil(shown:find(CANARY, 1, true))
    assert.truthy(shown:find("[secret]", 1, true))
  end)

  it("is not shown by a result that holds it", function()
    local account = assert(loopback.answer(providers.ecl))
    for _, case in ipairs { account.Password, account.SecretKey } do
      local text = case:reveal()
      assert.matches("^canary", text)
      assert.is_nil(dump(account):find(text, 1, true))
      assert.is_nil(tostring(account):find(text, 1, true))
    end
    refuses(function() return cjson.encode(account) end)
  end)

  it("has no value for the debug library", function()
    assert.is_nil((debug.getuservalue(secret(), 1)))
  end)

  it("equals another with the same text, and nothing else", function()
    assert.is_true(secret() == secret())
    assert.is_false(secret() == coffer.secret "another")
    assert.is_false(secret() == coffer.secret(CANARY .. "x"))
    assert.is_false(secret() == CANARY)
  end)

  it("is revealed as it was, every byte", function()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = string.char(byte)
    end
    local text = table.concat(bytes)
    assert.equal(text, coffer.secret(text):reveal())
    assert.equal("", coffer.secret(""):reveal())
  end)

  it("is made of text or of another secret, else raises", function()
    assert.equal(CANARY, coffer.secret(secret()):reveal())
    for _, value in ipairs { 5, true, {}, print } do
      assert.has_error(function() coffer.secret(value) end)
    end
    assert.has_error(function() coffer.secret() end)
  end)

  it("may be empty in an answer and is a secret all the same", function()
    local wallet = assert(loopback.answer(providers.clumio, { changes = { token = '""' } }))
    assert.equal("", wallet.token:reveal())
  end)

  it("names its type", function()
    assert.equal("coffer.secret", getmetatable(secret()).__name)
  end)
end)

describe("a wiped secret", function()
  it("is not revealed", function()
    local hush = secret()
    hush:wipe()
    assert.matches("the secret has been wiped", refuses(function() return hush:reveal() end))
  end)

  it("may be wiped again", function()
    local hush = secret()
    hush:wipe()
    assert.has_no_error(function() hush:wipe() end)
  end)

  it("still prints as [secret], and equals nothing", function()
    local hush = secret()
    hush:wipe()
    assert.equal("[secret]", tostring(hush))
    assert.is_false(hush == secret())
    refuses(function() return hush .. "" end)
  end)

  it("is what the end of a scope leaves", function()
    local kept
    do
      local hush <close> = secret()
      kept = hush
      assert.equal(CANARY, hush:reveal())
    end
    refuses(function() return kept:reveal() end)
  end)

  it("is what an error leaves of a scope", function()
    local kept
    pcall(function()
      local hush <close> = secret()
      kept = hush
      error "stop"
    end)
    refuses(function() return kept:reveal() end)
  end)

  it("may have been wiped before the end of its scope", function()
    assert.has_no_error(function()
      local hush <close> = secret()
      hush:wipe()
    end)
  end)

  it("may be collected in any order with what holds it", function()
    local said = interpreter.run({}, [[
      local coffer = require "coffer"
      local left = 0
      for i = 1, 1000 do
        local holder = setmetatable({ secret = coffer.secret "x" }, {
          __gc = function(self)
            self.secret:wipe()
            left = left + 1
            if i % 2 == 0 then kept = self.secret end
          end,
        })
        if i % 3 == 0 then holder.secret.wipe(holder.secret) end
      end
      collectgarbage() collectgarbage()
      return left, pcall(kept.reveal, kept)
    ]])
    assert.equal(1000, said[1])
    assert.is_false(said[2])
  end)

  it("does not take the client's own copy along", function()
    local token = secret()
    local request = loopback.sent(providers.clumio, nil, { token = token })
    assert.equal("Bearer " .. CANARY, request.headers.authorization)
    token:wipe()
  end)

  it("is refused as a token, without its text", function()
    local token = secret()
    token:wipe()
    local said = refuses(function() return (coffer.clumio { token = token }) end)
    assert.matches("token", said)
  end)

  it("raises where its methods are given something else", function()
    for _, method in ipairs { "reveal", "wipe" } do
      assert.has_error(function() secret()[method] {} end)
      assert.has_error(function() secret()[method](io.stdout) end)
      assert.has_error(function() secret()[method]() end)
    end
  end)
end)
