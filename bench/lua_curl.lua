-- lua_curl.lua URL CA COUNT [AT_ONCE]: the same by Lua-cURLv3 and lua-cjson; with AT_ONCE by so
-- many handles of a multi handle, and tells the seconds.
local cjson = require "cjson"
local cURL = require "cURL"
local gettime = require "socket".gettime

local url, ca_file, count, at_once = table.unpack(arg)
count = math.tointeger(tonumber(count))
at_once = math.tointeger(tonumber(at_once or 1))

--- What came for each handle.
local parts = {}

local function new_handle()
  local handle
  handle = cURL.easy {
    url = url .. "/wallets", cainfo = ca_file, post = true,
    httpheader = {
      "Content-Type: application/json", "Authorization: Bearer bench-token",
      "Accept: application/api.clumio.wallets=v1+json",
    },
    writefunction = function(text) table.insert(parts[handle], text) end,
  }
  return handle
end

local function begin(handle)
  parts[handle] = {}
  handle:setopt_postfields(cjson.encode { account_native_id = "123456789012" })
end

local function finish(handle)
  local status = handle:getinfo_response_code()
  assert(status == 200, status)
  assert(cjson.decode(table.concat(parts[handle])).id)
end

local function one_by_one()
  local handle = new_handle()
  for _ = 1, count do
    begin(handle)
    handle:perform()
    finish(handle)
  end
end

--- Sees to what is over; answers how many began instead.
local function collect(multi, left)
  local again = 0
  while true do
    local handle, is_fine, trouble = multi:info_read(true)
    if handle == 0 then
      return again
    end
    assert(is_fine, tostring(trouble))
    finish(handle)
    if again < left then
      again = again + 1
      begin(handle)
      multi:add_handle(handle)
    end
  end
end

local function many()
  local multi, left = cURL.multi(), count
  for _ = 1, math.min(at_once, count) do
    left = left - 1
    local handle = new_handle()
    begin(handle)
    multi:add_handle(handle)
  end
  while true do
    local running = multi:perform()
    local again = collect(multi, left)
    left = left - again
    if running + again == 0 then
      return
    end
    if again == 0 then
      multi:wait(1000)
    end
  end
end

local begun = gettime();
(at_once == 1 and one_by_one or many)()
print(("%.6f"):format(gettime() - begun))
