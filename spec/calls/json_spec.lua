-- JSON as the marshaller reads and writes it, seen through answers and requests on the loopback:
-- the texts of JSONTestSuite, lua-cjson as the other opinion, numbers, strings and their limits.

local answers = require "answers"
local cjson = require("cjson").new()
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"
local workdir = require "workdir"

local here = debug.getinfo(1, "S").source:match "^@(.-)spec/calls/[^/]*$"
local suite = here .. "../shared/data/json-test-suite"

-- What comes of the texts that a JSON reader may take or refuse: the value, or false for refused.
local implementation_defined = {
  ["i_number_double_huge_neg_exp.json"] = 0.0,
  ["i_number_huge_exp.json"] = math.huge,
  ["i_number_neg_int_huge_exp.json"] = -math.huge,
  ["i_number_pos_double_huge_exp.json"] = math.huge,
  ["i_number_real_neg_overflow.json"] = -math.huge,
  ["i_number_real_pos_overflow.json"] = math.huge,
  ["i_number_real_underflow.json"] = 0.0,
  ["i_number_too_big_neg_int.json"] = -123123123123123123123123123123.0,
  ["i_number_too_big_pos_int.json"] = 100000000000000000000.0,
  ["i_number_very_big_negative_int.json"] = -237462374673276894279832749832423479823246327846.0,
  ["i_object_key_lone_2nd_surrogate.json"] = false,
  ["i_string_1st_surrogate_but_2nd_missing.json"] = false,
  ["i_string_1st_valid_surrogate_2nd_invalid.json"] = false,
  ["i_string_UTF-16LE_with_BOM.json"] = false,
  ["i_string_UTF-8_invalid_sequence.json"] = false,
  ["i_string_UTF8_surrogate_U+D800.json"] = false,
  ["i_string_incomplete_surrogate_and_escape_valid.json"] = false,
  ["i_string_incomplete_surrogate_pair.json"] = false,
  ["i_string_incomplete_surrogates_escape_valid.json"] = false,
  ["i_string_invalid_lonely_surrogate.json"] = false,
  ["i_string_invalid_surrogate.json"] = false,
  ["i_string_invalid_utf-8.json"] = false,
  ["i_string_inverted_surrogates_U+1D11E.json"] = false,
  ["i_string_iso_latin_1.json"] = false,
  ["i_string_lone_second_surrogate.json"] = false,
  ["i_string_lone_utf8_continuation_byte.json"] = false,
  ["i_string_not_in_unicode_range.json"] = false,
  ["i_string_overlong_sequence_2_bytes.json"] = false,
  ["i_string_overlong_sequence_6_bytes.json"] = false,
  ["i_string_overlong_sequence_6_bytes_null.json"] = false,
  ["i_string_truncated-utf-8.json"] = false,
  ["i_string_utf16BE_no_BOM.json"] = false,
  ["i_string_utf16LE_no_BOM.json"] = false,
  ["i_structure_500_nested_arrays.json"] = false,
  ["i_structure_UTF-8_BOM_empty_object.json"] = false,
}

local function contents(path)
  local file = io.open(path, "rb")
  local text = file and file:read "a"
  if file then
    file:close()
  end
  return text
end

local function texts_of(names)
  local texts = {}
  for i, name in ipairs(names) do
    texts[i] = assert(contents(suite .. "/" .. name))
  end
  return texts
end

--- The names of the suite's texts that begin so; none where there is no suite.
local function named(prefix)
  local names = {}
  local listing = io.popen("ls '" .. suite .. "' 2>/dev/null")
  for name in listing:lines() do
    if name:sub(1, #prefix) == prefix then
      names[#names + 1] = name
    end
  end
  listing:close()
  return names
end

--- Reads all of the suite's texts of this kind, once; by name what came of each.
local function read_suite(names)
  local values, failures = loopback.read(texts_of(names))
  local results = {}
  for i, name in ipairs(names) do
    results[name] = { value = values[i], failure = failures[i] }
  end
  return results
end

--- A describe over the suite's texts; where there are none, one pending test that says so.
local function describe_suite(title, prefix, body)
  local names = named(prefix)
  describe(title, function()
    if #names == 0 then
      pending("is not here: there is no " .. suite)
      return
    end
    body(names)
  end)
end

local function read(text)
  local values, failures = loopback.read { text }
  return values[1], failures[1]
end

local function write(value)
  return loopback.write({ value })[1]
end

describe_suite("JSONTestSuite's texts that are JSON", "y_", function(names)
  local results
  lazy_setup(function() results = read_suite(names) end)

  it("are 95", function()
    assert.equal(95, #names)
  end)

  for _, name in ipairs(names) do
    it("are taken, as lua-cjson takes them: " .. name, function()
      assert.is_nil(results[name].failure)
      assert.same(cjson.decode(contents(suite .. "/" .. name)), results[name].value)
    end)
  end
end)

describe_suite("JSONTestSuite's texts that are none", "n_", function(names)
  local results, creates
  local bodies = {}

  lazy_setup(function()
    results = read_suite(names)
    local case, orders = providers.astra, {}
    for i, text in ipairs(texts_of(names)) do
      orders[i] = { send = case.good { body = text }, finish = "keep" }
    end
    local faulty <close> = server.start(orders)
    local client = case.client(faulty.url, { attempts = 1 })
    for _, name in ipairs(names) do
      bodies[name] = select(2, case.create(client))
    end
    creates = faulty:creates()
  end)

  it("are 188, and each answered one create", function()
    assert.equal(188, #names)
    assert.equal(188, creates)
  end)

  for _, name in ipairs(names) do
    it("are refused, as a member and as a 201's body: " .. name, function()
      assert.is_nil(results[name].value)
      assert.equal("protocol", results[name].failure.code)
      assert.equal("unknown", bodies[name].outcome)
      assert.equal("protocol", bodies[name].code)
      assert.equal(201, bodies[name].status)
    end)
  end
end)

describe_suite("JSONTestSuite's texts that may be either", "i_", function(names)
  local results
  lazy_setup(function() results = read_suite(names) end)

  for _, name in ipairs(names) do
    it("have a known result: " .. name, function()
      local wanted = implementation_defined[name]
      assert.not_nil(wanted, "not in the table")
      assert.same(wanted and { wanted } or nil, results[name].value)
      assert.equal(wanted == false, results[name].failure ~= nil)
    end)
  end
end)

describe("docs/json.md", function()
  it("says of each of them what comes of it", function()
    local documented = {}
    for name, said in contents(here .. "docs/json.md"):gmatch "| `(i_[^`]+)` | ([^|]-) |" do
      documented[name] = said
    end
    for name, value in pairs(implementation_defined) do
      local wanted = value == math.huge and "`math.huge`" or value == -math.huge and "`-math.huge`"
        or value and "a real" or "refused"
      assert.equal(wanted, documented[name], name)
      documented[name] = nil
    end
    assert.same({}, documented)
  end)
end)

-- A generator of its own, so that a seed means the same everywhere.
local function generator(seed)
  local state = seed * 2654435761
  return function(most)
    state = state * 6364136223846793005 + 1442695040888963407
    return (state >> 33) % most + 1
  end
end

local function random_text(draw)
  local ranges = { { 0, 31 }, { 32, 126 }, { 34, 34 }, { 92, 92 }, { 127, 0x7ff },
    { 0x800, 0xd7ff }, { 0xe000, 0xffff }, { 0x10000, 0x10ffff } }
  local parts = {}
  for i = 1, draw(12) - 1 do
    local range = ranges[draw(#ranges)]
    parts[i] = utf8.char(range[1] + draw(range[2] - range[1] + 1) - 1)
  end
  return table.concat(parts)
end

local function random_real(draw)
  while true do
    local bits = (draw(1 << 31) - 1) << 33 | (draw(1 << 31) - 1) << 2
    local real = string.unpack("d", string.pack("i8", bits))
    if real == real and math.abs(real) ~= math.huge then
      return real
    end
  end
end

local random_value

local function random_table(draw, depth)
  local is_list = draw(2) == 1
  local made = {}
  for i = 1, draw(5) do
    made[is_list and i or random_text(draw)] = random_value(draw, depth + 1)
  end
  return made
end

function random_value(draw, depth)
  local kind = draw(depth < 5 and 8 or 6)
  if kind == 1 then
    return coffer.null
  elseif kind == 2 then
    return draw(2) == 1
  elseif kind == 3 then
    return draw(1 << 30) * (draw(2) * 2 - 3)
  elseif kind == 4 then
    return random_real(draw)
  elseif kind <= 6 then
    return random_text(draw)
  end
  return random_table(draw, depth)
end

local function random_values(seed, count)
  local draw, values = generator(seed), {}
  for i = 1, count do
    values[i] = random_value(draw, 1)
  end
  return values
end

describe("free-form values", function()
  for seed = 1, 10 do
    it(("go out so that lua-cjson reads the same, seed %d"):format(seed), function()
      local values = random_values(seed, 40)
      for i, text in ipairs(loopback.write(values)) do
        assert.same(values[i], cjson.decode("[" .. text .. "]")[1])
      end
    end)

    it(("come in as lua-cjson reads them, seed %d"):format(seed), function()
      local texts, wanted = {}, {}
      for i, value in ipairs(random_values(seed, 40)) do
        local text = cjson.encode { value }
        texts[i], wanted[i] = text:sub(2, -2), cjson.decode(text)[1]
      end
      local values, failures = loopback.read(texts)
      assert.is_nil(next(failures))
      assert.same(wanted, values)
    end)

    it(("come back as they went out, seed %d"):format(seed), function()
      local values = random_values(seed, 40)
      local again = loopback.read(loopback.write(values))
      assert.same(values, again)
    end)
  end

  it("go out with lua-cjson's null as null", function()
    assert.equal('[null,{"a":null}]', write { cjson.null, { a = coffer.null } })
  end)
end)

describe("an integer", function()
  local exact = { 0, 1, -1, 12345, 1 << 50, (1 << 53) + 1, -(1 << 53) - 1, math.maxinteger,
    math.mininteger, 100000000000000000 }

  for _, value in ipairs(exact) do
    it("comes and goes exactly: " .. value, function()
      local text = ("%d"):format(value)
      assert.equal(text, write(value))
      local again = read(text)
      assert.equal(value, again)
      assert.equal("integer", math.type(again))
    end)
  end

  it("is one in a job's id, and prints as one", function()
    local vault = assert(loopback.answer(providers.commvault))
    assert.equal("12345", tostring(vault.addEndpointJob.jobId))
  end)

  it("is a real where it is outside of int64 and free-form", function()
    assert.equal(2.0 ^ 63, read "9223372036854775808")
    assert.equal("float", math.type(read "-9223372036854775809"))
  end)

  local function stack_version(text)
    local changes = { stack_version = text }
    local wallet, failure = loopback.answer(providers.clumio, { changes = changes })
    return wallet and wallet.stack_version, failure
  end

  local int64 = {
    ["9223372036854775807"] = math.maxinteger,
    ["-9223372036854775808"] = math.mininteger,
    ["9007199254740993"] = 9007199254740993,
    ["3.0"] = 3,
    ["3e2"] = 300,
    ["0"] = 0,
  }

  for text, value in pairs(int64) do
    it("is taken as int64: " .. text, function()
      local taken = stack_version(text)
      assert.equal(value, taken)
      assert.equal("integer", math.type(taken))
    end)
  end

  local other = {
    ["9223372036854775808"] = 2.0 ^ 63, ["-9223372036854775809"] = -2.0 ^ 63, ["1e19"] = 1e19,
    ["3.5"] = 3.5, ["1e400"] = math.huge, ["9007199254740993.0"] = 2.0 ^ 53,
    ["9.007199254740993e15"] = 2.0 ^ 53, ['"3"'] = "3", ["true"] = true, ["[3]"] = { 3 },
    ["{}"] = {},
  }

  for text, value in pairs(other) do
    it("is none as int64, and kept as it came: " .. text, function()
      local taken, incomplete = stack_version(text)
      assert.same(value, taken)
      assert.not_equal("integer", math.type(taken))
      assert.equal("is not a 64-bit integer", loopback.detail(incomplete, "stack_version").message)
    end)
  end

  local function client_id(text)
    local response = answers.vault_response { entity = '{"clientId":' .. text .. "}" }
    local vault, failure = loopback.answer(providers.commvault, {
      changes = { response = response },
    })
    return vault and vault.response.entity.clientId, failure and failure.code
  end

  for _, value in ipairs { 2147483647, -2147483648 } do
    it("is taken as int32: " .. value, function()
      assert.equal(value, (client_id(tostring(value))))
    end)
  end

  for _, text in ipairs { "2147483648", "-2147483649", "2147483648.0", "4294967297" } do
    it("is refused as int32: " .. text, function()
      local taken, code = client_id(text)
      assert.is_nil(taken)
      assert.equal("protocol", code)
    end)
  end
end)

describe("a real", function()
  local hard = { 0.1, -0.1, 1 / 3, 3.0, 1e15, 1e16, 1e21, 1e22, 1e23, 123456789012345680.0,
    5e-324, 2.2250738585072011e-308, 2.2250738585072014e-308, 1.7976931348623157e308,
    0.30000000000000004, 9007199254740993.0, -0.0, 1e-7, 4.35, 2.0 ^ 63, 100.0 }

  local function bits(real)
    return string.pack("d", real)
  end

  it("goes out as the shortest text that is the same number, and stays a real", function()
    assert.same({ "0.1", "3.0", "1e22", "0.30000000000000004", "-0.0", "1e2", "12.5", "5e-324" },
      loopback.write { 0.1, 3.0, 1e22, 0.30000000000000004, -0.0, 100.0, 12.5, 5e-324 })
  end)

  -- Another way to the same: with ever fewer digits, each decimal around the number; then every
  -- place for the point, with the exponent that goes with it.

  --- The digits of the decimal nearest to the number, and of its two neighbours; and the power of
  --- ten of the last digit.
  local function around(real, count)
    local head, tail, power = ("%." .. count - 1 .. "e"):format(real):match "^(%d)%.?(%d*)e(.*)$"
    local digits = math.tointeger(tonumber(head .. tail))
    return { digits, digits - 1, digits + 1 }, math.tointeger(tonumber(power)) - count + 1
  end

  local function find(real, count)
    local candidates, power = around(real, count)
    for _, digits in ipairs(candidates) do
      if tonumber(("%de%d"):format(digits, power)) == real then
        return digits, power
      end
    end
  end

  --- The fewest digits, and the power of ten of the last.
  local function fewest(real)
    local digits, power = find(real, 17)
    for count = 16, 1, -1 do
      local found, its_power = find(real, count)
      if not found then break end
      digits, power = found, its_power
    end
    while digits % 10 == 0 do
      digits, power = digits // 10, power + 1
    end
    return tostring(digits), power
  end

  local function plain(digits, power)
    if power >= 0 then return digits .. ("0"):rep(power) .. ".0" end
    local padded = ("0"):rep(1 - #digits - power) .. digits
    return padded:sub(1, power - 1) .. "." .. padded:sub(power)
  end

  local function shortest_length(real)
    local digits, power = fewest(real)
    local length = math.abs(power) < 40 and #plain(digits, power) or math.huge
    for behind = 0, #digits - 1 do
      local point = behind > 0 and 1 or 0
      length = math.min(length, #digits + point + 1 + #tostring(power + behind))
    end
    return length
  end

  --- With COFFER_THOROUGH=1 there are more at random.
  local SAMPLES = os.getenv "COFFER_THOROUGH" == "1" and 100000 or 30000

  local function sample()
    local draw, reals = generator(2026), {}
    for power = -1074, 1023 do reals[#reals + 1] = tonumber(("0x1p%d"):format(power)) end
    for power = -323, 308 do reals[#reals + 1] = tonumber("1e" .. power) end
    for i = 1, 5000 do -- subnormals
      reals[#reals + 1] = string.unpack("d", string.pack("i8", i))
      reals[#reals + 1] = string.unpack("d", string.pack("i8", (draw(1 << 26) - 1) << 26 | i))
    end
    for i = 1, 3000 do
      reals[#reals + 1] = i / 100
      reals[#reals + 1] = i * 1000.0
    end
    while #reals < SAMPLES do reals[#reals + 1] = math.abs(random_real(draw)) end
    return reals
  end

  it(("has no shorter text, for any of %d"):format(SAMPLES), function()
    local reals, lists, place, worse = sample(), {}, 0, {}
    for first = 1, #reals, 1000 do
      lists[#lists + 1] = table.move(reals, first, first + 999, 1, {})
    end
    for text in table.concat(loopback.write(lists), ","):gmatch "[^%[%],]+" do
      place = place + 1
      if bits(tonumber(text)) ~= bits(reals[place]) or #text > shortest_length(reals[place]) then
        worse[#worse + 1] = text
      end
    end
    assert.equal(#reals, place)
    assert.equal("", table.concat(worse, " ", 1, math.min(#worse, 10)))
  end)

  it("goes out exactly", function()
    for i, text in ipairs(loopback.write(hard)) do
      assert.equal(bits(hard[i]), bits(tonumber(text)), text)
    end
  end)

  it("comes in exactly", function()
    local texts = {}
    for i, real in ipairs(hard) do
      texts[i] = ("%.17e"):format(real)
    end
    for i, real in ipairs((loopback.read(texts))) do
      assert.equal(bits(hard[i]), bits(real), texts[i])
      assert.equal("float", math.type(real))
    end
  end)

  it("comes in exactly with more digits than a double has", function()
    assert.equal(0.1, read("0.1000000000000000055511151231257827021181583404541015625"))
    assert.equal(1.0, read("0." .. ("9"):rep(400)))
    assert.equal(1e22, read("1" .. ("0"):rep(22) .. ".0"))
  end)

  it("keeps the sign of zero", function()
    assert.equal(bits(-0.0), bits(read "-0"))
    assert.equal(bits(-0.0), bits(read "-0.0"))
    assert.equal("integer", math.type(read "0"))
  end)

  for seed = 1, 3 do
    it(("comes back bit by bit, seed %d"):format(seed), function()
      local draw, reals = generator(seed), {}
      for i = 1, 200 do
        reals[i] = random_real(draw)
      end
      for i, real in ipairs((loopback.read(loopback.write(reals)))) do
        assert.equal(bits(reals[i]), bits(real))
      end
    end)
  end

  local function comma_locale()
    for _, name in ipairs { "de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "fr_FR.utf8",
      "es_ES.UTF-8", "it_IT.UTF-8", "pl_PL.UTF-8", "pt_BR.UTF-8" } do
      if os.setlocale(name, "numeric") then
        os.setlocale("C", "numeric")
        return name
      end
    end
  end

  it("has a point, whatever the locale's decimal sign is", function()
    local name = comma_locale()
    if not name then
      pending "no locale with a decimal comma is installed"
      return
    end
    finally(function() os.setlocale("C", "numeric") end)
    os.setlocale(name, "numeric")
    assert.equal("0,5", tostring(0.5))
    assert.same({ "0.5", "1e-7", "3.0" }, loopback.write { 1 / 2, 1 / 10000000, 6 / 2 })
    assert.same({ 1 / 2, 5 / 4 }, (loopback.read { "0.5", "125.0e-2" }))
    assert.truthy(select(2, read "0,5"))
  end)

  it("has a point where the locale's decimal sign is of two bytes", function()
    local directory = workdir.make_directory "pashto"
    os.execute(("localedef -i ps_AF -f UTF-8 %s/ps_AF.UTF-8 >/dev/null 2>&1"):format(directory))
    local said = interpreter.run({ LOCPATH = directory }, [[
      local loopback = require "loopback"
      loopback.read(loopback.write { 0.5 }) -- now all of Lua's numbers are read
      if not os.setlocale("ps_AF.UTF-8", "numeric") then
        return false
      end
      local read = loopback.read { "0.5", "125.0e-2" }
      return read[1] * 2 == 1, read[2] * 4 == 5
    ]])
    if said[1] == false and #said == 1 then
      pending "locale ps_AF.UTF-8 cannot be made (localedef, package locales)"
    end
    assert.same({ true, true }, said)
  end)
end)

describe("a string", function()
  local escaped = {
    [ [["\"\\\/\b\f\n\r\t"]] ] = "\"\\/\b\f\n\r\t",
    [ [["\u0000"]] ] = "\0",
    [ [["a\u0000b"]] ] = "a\0b",
    [ [["\u00e9\u20AC\uD83d\uDD12"]] ] = "é€\u{1f512}",
    [ [["\u007f\u0080\uffff\u0041"]] ] = "\127\u{80}\u{ffff}A",
    [ [["\uDBFF\uDFFF"]] ] = "\u{10ffff}",
    ['"é€\u{1f512}\127"'] = "é€\u{1f512}\127",
    ['""'] = "",
  }

  for text, value in pairs(escaped) do
    it("comes in with its escapes undone: " .. text:gsub("\127", "DEL"), function()
      assert.equal(value, (read(text)))
    end)
  end

  it("comes in whatever its length is, around the reader's stride of eight", function()
    local texts, wanted = {}, {}
    for length = 0, 40 do
      local text = ("x"):rep(length)
      texts[#texts + 1], wanted[#wanted + 1] = '"' .. text .. '\\n"', text .. "\n"
      texts[#texts + 1], wanted[#wanted + 1] = '"' .. text .. 'é"', text .. "é"
    end
    assert.same(wanted, (loopback.read(texts)))
  end)

  it("goes out whatever its length is, and wherever it needs more than a copy", function()
    local values = {}
    for before = 0, 20 do
      for after = 0, 12 do
        for _, between in ipairs { "", '"', "\\", "\n", "\0", "\127", "é", "\u{1f512}" } do
          values[#values + 1] = ("x"):rep(before) .. between .. ("y"):rep(after)
        end
      end
    end
    assert.same(values, cjson.decode(write(values)))
  end)

  it("is refused with a raw control character, each of the 32", function()
    local texts = {}
    for byte = 0, 31 do
      texts[#texts + 1] = '"12345678' .. string.char(byte) .. '"'
    end
    local values, failures = loopback.read(texts)
    assert.is_nil(next(values))
    assert.equal(32, #failures)
    assert.matches("a control character in a string", failures[1].message, 1, true)
  end)

  it("is refused with a byte above 127 that stands alone, each of the 128", function()
    local texts = {}
    for byte = 128, 255 do
      texts[#texts + 1] = '"12345678' .. string.char(byte) .. '"'
    end
    local values, failures = loopback.read(texts)
    assert.is_nil(next(values))
    assert.equal(128, #failures)
    assert.matches("a string that is not UTF-8", failures[1].message, 1, true)
  end)

  for what, bytes in pairs { ["overlong in 2"] = "\xc1\xbf", ["overlong in 3"] = "\xe0\x9f\xbf",
    ["overlong in 4"] = "\xf0\x8f\xbf\xbf", ["a surrogate"] = "\xed\xa0\x80",
    ["above U+10FFFF"] = "\xf4\x90\x80\x80", ["5 bytes"] = "\xf8\x88\x80\x80\x80",
    ["cut after 1"] = "\xc3", ["cut after 2"] = "\xe2\x82", ["cut after 3"] = "\xf0\x9f\x94" } do
    it("is refused where it is not UTF-8: " .. what, function()
      local value, failure = read('"' .. bytes .. '"')
      assert.is_nil(value)
      assert.equal("protocol", failure.code)
    end)

    it("is refused as a name where it is not UTF-8: " .. what, function()
      local value, failure = read('{"' .. bytes .. '":1}')
      assert.is_nil(value)
      assert.equal("protocol", failure.code)
    end)
  end

  for _, escape in ipairs { [[\ud800]], [[\udc00]], [[\ud800\ud800]], [[\ud800x]], [[\udc00\ud800]],
    [[\u12]], [[\u12g4]], [[\x41]], [[\']], [[\U0041]], "\\" } do
    it("is refused with an escape that is none: " .. escape, function()
      local value, failure = read('"' .. escape .. '"')
      assert.is_nil(value)
      assert.equal("protocol", failure.code)
    end)
  end

  it("goes out with the escapes that have to be, and no others", function()
    assert.equal([["\"\\/\b\f\n\r\t\u0000\u001f]] .. '\127é€\u{1f512}"',
      write "\"\\/\b\f\n\r\t\0\31\127é€\u{1f512}")
  end)

  it("carries each of the 128 ASCII characters there and back", function()
    local values = {}
    for byte = 0, 127 do
      values[#values + 1] = "12345678" .. string.char(byte) .. "x"
    end
    assert.same(values, (loopback.read(loopback.write(values))))
  end)

  it("may be long: 2^16 bytes of NUL", function()
    local long = ("\0"):rep(1 << 15)
    assert.same({ long }, (loopback.read(loopback.write { long })))
  end)
end)

describe("nesting", function()
  --- Arrays in arrays in a member: the body itself is the first level.
  local function nested(levels)
    return ("["):rep(levels - 1) .. ("]"):rep(levels - 1)
  end

  it("may have 64 levels", function()
    local value = assert(read(nested(64)))
    local depth = 1
    while value do
      value, depth = value[1], depth + 1
    end
    assert.equal(64, depth)
  end)

  for _, levels in ipairs { 65, 1000, 100000 } do
    it(("is refused with %d levels, at once"):format(levels), function()
      local began = os.clock()
      local value, failure = read(nested(levels))
      assert.is_nil(value)
      assert.matches("nested deeper than 64 levels", failure.message, 1, true)
      assert.is_true(os.clock() - began < 2)
    end)

    it(("is refused with %d levels that are never closed"):format(levels), function()
      local value, failure = read(('{"a":'):rep(levels))
      assert.is_nil(value)
      assert.equal("protocol", failure.code)
    end)
  end

  it("is refused in an error's body, which still is a refusal", function()
    local failure = loopback.refuse(providers.clumio, 400, ("["):rep(100000))
    assert.equal("refused", failure.outcome)
    assert.same({}, failure.details)
  end)

  it("may have as many levels on the way out, and no more", function()
    local value = {}
    for _ = 1, 62 do
      value = { a = value }
    end
    assert.equal(('{"a":'):rep(62) .. "{}" .. ("}"):rep(62), write(value))
    local failure = loopback.refused(providers.clumio, function(client)
      return providers.clumio.create(client, { extra = { further = { a = { a = value } } } })
    end)
    assert.matches("deeper than 64 levels", failure.message)
  end)
end)

describe("a free-form object with names that are documented", function()
  --- What a wallet's links are read as, and what the same text is read as where no name is known.
  local function both(text)
    local wallet = assert(loopback.answer(providers.clumio, {
      body = ('{"id":"w-1","_links":%s,"further":%s}'):format(text, text),
    }))
    return wallet._links, wallet.further
  end

  for _, text in ipairs { "5", '"x"', "true", "[]", "{}", '[{"href":1}]', '{"_self":5}',
    '{"_self":null,"delete-wallet":{"href":null,"templated":[],"type":{}}}',
    '{"_self":{"type":"get","further":[null],"href":"/a"},"further":{"href":1.5}}',
    '{"_self" : {"href":"/a","hrefs":"/b","hre":"/c"}, "":{}, "_Self":1}',
    [[{"\u005fself":{"hr\u0065f":"/a","\u0000":"b"}}]],
    '{"refresh-wallet":{"href":"/a"},"_self":{"href":{"href":{"href":[]}}}}' } do
    it("is read as if none of them were: " .. text, function()
      local links, further = both(text)
      assert.same(further, links)
    end)
  end

  it("has the last value of a name that comes twice", function()
    local links = both [[{"_self":{"href":1,"href":2},"_self":{"href":3,"hr\u0065f":4}}]]
    assert.same({ _self = { href = 4 } }, links)
  end)

  it("is an object where it is empty, and no list", function()
    local object, list = both "{}", both "[]"
    assert.is_nil(getmetatable(object))
    assert.not_nil(getmetatable(list))
  end)

  for text, message in pairs { ['{"_self":{"href":"\1"}}'] = "/_links/*/* a control character",
    ['{"_self":{"href":1 "type":2}}'] = "/_links/* a comma is missing",
    ['{"_self":{"href",1}}'] = "/_links/* a colon is missing", ["{5:1}"] = "without a name" } do
    it("is refused, and named without its names: " .. message, function()
      local _, failure = loopback.answer(providers.clumio, { body = '{"id":"w","_links":' .. text })
      assert.matches(message, failure.message, 1, true)
    end)
  end

  it("may have 64 levels", function()
    local function links(levels)
      local text = ('{"_self":'):rep(levels) .. "1" .. ("}"):rep(levels)
      return loopback.answer(providers.clumio, { body = '{"id":"w","_links":' .. text .. "}" })
    end
    assert(links(63))
    assert.matches("nested deeper than 64", select(2, links(64)).message, 1, true)
  end)
end)

describe("a list and an object of unknown names", function()
  it("have all that is in them, however much it is", function()
    local lists, objects = {}, {}
    for count = 0, 70 do
      local list, object = {}, {}
      for i = 1, count do
        list[i], object["name" .. i] = i, { i }
      end
      lists[count + 1], objects[count + 1] = list, object
    end
    local wallet = assert(loopback.answer(providers.clumio, {
      body = ('{"id":"w-1","lists":%s,"objects":%s}'):format(
        cjson.encode(lists):gsub("{}", "[]"), cjson.encode(objects)),
    }))
    assert.same(lists, wallet.lists)
    assert.same(objects, wallet.objects)
  end)
end)

describe("a documented name", function()
  it("is known in any order, with an escape, and with white space before the colon", function()
    local wallet = assert(loopback.answer(providers.clumio, {
      body = '{"token" :"canary","st\\u0061te":"Enabled","role_arn"\n:"r","id":"w-1"}',
    }))
    assert.equal("canary", wallet.token:reveal())
    assert.same({ "Enabled", "r", "w-1" }, { wallet.state, wallet.role_arn, wallet.id })
  end)

  it("is not known by its beginning, nor by more than itself", function()
    local wallet = assert(loopback.answer(providers.clumio, {
      body = '{"id":"w-1","toke":1,"tokens":2,"token_":3,"i":4,"idd":5}',
    }))
    assert.is_nil(wallet.token)
    assert.same({ 1, 2, 3, 4, 5 },
      { wallet.toke, wallet.tokens, wallet.token_, wallet.i, wallet.idd })
  end)
end)

describe("a name that comes twice", function()
  local function body(members)
    return loopback.answer(providers.clumio, { body = "{" .. members .. "}" })
  end

  it("is refused where it is decided on: which one counts?", function()
    local wallet, failure = body '"id":"w-1","state":"Waiting","id":"w-2"'
    assert.is_nil(wallet)
    assert.equal("unknown", failure.outcome)
    assert.matches("the answer's id comes twice", failure.message, 1, true)
  end)

  it("is refused where it is spelled with an escape, or was null at first", function()
    assert.is_nil((body [["id":"w-1","\u0069d":"w-2"]]))
    assert.is_nil((body '"id":null,"id":"w-2"'))
  end)

  it("has its last value where nobody knows it", function()
    assert.equal(2, body('"id":"w-1","further":1,"further":2').further)
    assert.equal(2, read('{"a":1,"a":2}').a)
  end)

  it("is not the same where the case differs", function()
    local wallet = assert(body '"id":"w-1","ID":"w-2"')
    assert.equal("w-1", wallet.id)
    assert.equal("w-2", wallet.ID)
  end)
end)

describe("a body", function()
  for what, text in pairs { ["nothing"] = "", ["a blank"] = " ", ["null"] = "null", ["[]"] = "[]",
    ["a string"] = '"ok"', ["a number"] = "5", ["true"] = "true", ["{}"] = "{}",
    ["a list of one"] = '[{"id":"w-1"}]' } do
    it("is unknown where it is " .. what, function()
      local wallet, failure = loopback.answer(providers.clumio, { body = text })
      assert.is_nil(wallet)
      assert.equal("unknown", failure.outcome)
      assert.equal("protocol", failure.code)
    end)
  end

  for what, tail in pairs { ["a brace"] = "}", ["a comma"] = ",", ["a NUL"] = "\0",
    ["another text"] = "{}", ["a comment"] = "// x", ["a byte order mark"] = "\xef\xbb\xbf" } do
    it("is refused with something behind it: " .. what, function()
      local _, failure = loopback.answer(providers.clumio, {
        body = providers.clumio.body() .. tail,
      })
      assert.equal("unknown", failure.outcome)
    end)
  end

  it("is refused wherever it is cut", function()
    local whole = '{"id":"w-1","stack_version":12,"key_errors":{"a":{"error_code":"\\u00e9é"}},'
      .. '"token":null,"_links":{"_self":{"templated":false}},"supported_regions":["a", -1.5e2]}'
    local orders = {}
    for length = 1, #whole - 1 do
      orders[length] = { send = providers.refresh.good { body = whole:sub(1, length) },
        finish = "keep" }
    end
    local faulty <close> = server.start(orders)
    local client = providers.refresh.client(faulty.url, { attempts = 1 })
    for length = 1, #whole - 1 do
      local wallet, failure = providers.refresh.create(client)
      assert.is_nil(wallet, length)
      assert.equal("protocol", failure.code)
    end
  end)

  for text, message in pairs {
    ["{"] = "a member without a name (byte 2)",
    ['{"id"'] = "a colon is missing (byte 6)",
    ['{"id"\0:1}'] = "a colon is missing (byte 6)",
    ['{"id":'] = "/id the text ends where a value is due (byte 7)",
    ['{"id":\0}'] = "/id not a JSON value (byte 7)",
    ['{"id":"w'] = "/id a string without an end (byte 9)",
    ['{"id":"w\0"}'] = "/id a control character in a string (byte 9)",
    ['{"id":"w\\'] = "/id an escape cut short (byte 10)",
    ['{"further":tru'] = "/* not a JSON value (byte 12)",
    ['{"id":"w"'] = "the text ends too early (byte 10)",
    ['{"id":"w"\0}'] = "a comma is missing (byte 10)",
    ['{"id":"w"}\0'] = "text behind the value (byte 11)",
  } do
    it(("is refused where it ends too early, or seems to: %q"):format(text), function()
      local _, failure = loopback.answer(providers.clumio, { body = text })
      assert.matches(message, failure.message, 1, true)
    end)
  end

  it("has short texts of all lengths as they are", function()
    local draw = generator(7)
    local texts, encoded = {}, {}
    for i = 1, 2000 do
      local bytes = {}
      for k = 1, i % 19 do
        bytes[k] = (k <= 8 and i % 2 == 0) and "a" or string.char(96 + draw(3)) -- many are alike
      end
      texts[i] = table.concat(bytes) .. (i % 50 == 0 and "é" or "")
      encoded[i] = ('"%s"'):format(i % 47 == 0 and texts[i]:gsub("a", "\\u0061") or texts[i])
    end
    local faulty <close> = server.start { {
      send = providers.refresh.good {
        body = ('{"id":"w-1","supported_regions":[%s]}'):format(table.concat(encoded, ",")),
      },
      finish = "keep",
    } }
    local client = providers.refresh.client(faulty.url)
    for _ = 1, 2 do
      assert.same(texts, assert(providers.refresh.create(client)).supported_regions)
    end
  end)

  it("may be as long as its memory, or nearly so", function()
    for length = 248, 264 do
      local head = '{"id":"w-1","further":"'
      local further = ("x"):rep(length - #head - 2)
      local wallet = assert(loopback.answer(providers.clumio, { body = head .. further .. '"}' }))
      assert.equal(further, wallet.further)
    end
  end)

  it("may have white space of JSON's four kinds around everything", function()
    local spaced = '\t\r\n {\n"id"\t:\r"w-1" ,"supported_regions":[ "a" , "b" ] } \n'
    local wallet = assert(loopback.answer(providers.clumio, { body = spaced }))
    assert.same({ "a", "b" }, wallet.supported_regions)
  end)

  for what, space in pairs { ["a form feed"] = "\f", ["a vertical tab"] = "\v",
    ["a no-break space"] = "\u{a0}" } do
    it("is refused with another kind: " .. what, function()
      local body = space .. providers.clumio.body()
      assert.is_nil((loopback.answer(providers.clumio, { body = body })))
    end)
  end
end)

describe("a place in an answer", function()
  for body, place in pairs {
    ['{"id":"w","stack_version":x}'] = "/stack_version ",
    ['{"id":"w","supported_regions":["a","\1"]}'] = "/supported_regions/1 ",
    ['{"id":"w","key_errors":{"canary":{"error_code":[1 2]}}}'] = "/key_errors/*/error_code ",
    ['{"id":"w","further":{"canary":[tru]}}'] = "/*/*/0 ",
  } do
    it("is a JSON pointer without names that the provider made up: " .. place, function()
      local _, failure = loopback.answer(providers.clumio, { body = body })
      assert.matches("cannot be read: " .. place, failure.message, 1, true)
      assert.is_nil(tostring(failure):find "canary")
    end)
  end
end)
