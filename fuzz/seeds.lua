-- Writes what the targets begin with: documented answers, and forms of headers and addresses.
--   lua5.4 fuzz/seeds.lua DIRECTORY
local calls = dofile "fuzz/calls.lua"

local place = ...

local counts = {}

local function seed(target, bytes)
  counts[target] = (counts[target] or 0) + 1
  if counts[target] == 1 then
    os.execute(("rm -rf '%s/%s' && mkdir -p '%s/%s'"):format(place, target, place, target))
  end
  local file <close> = assert(io.open(("%s/%s/%03d"):format(place, target, counts[target]), "wb"))
  assert(file:write(bytes))
end

--- The byte by which the targets choose a call.
local function chooser(number)
  return string.char(number - 1)
end

for number, call in ipairs(calls) do
  local case = call.case
  seed("answer", chooser(number) .. case.good())
  seed("answer", chooser(number) .. case.good { framing = "chunked" })
  for status = 0, 11 do
    seed("error_body", chooser(number) .. string.char(status) .. case.error_body())
    seed("error_body", chooser(number) .. string.char(status) .. case.body())
  end
  for schema = 0, 31 do
    seed("json", string.char(schema) .. case.body())
  end
end

for _, value in ipairs { "120", "0", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT",
  "Wednesday, 21-Oct-26 07:28:00 GMT", "Wed Oct 21 07:28:00 2026", "99999999999999999999" } do
  seed("headers", ("HTTP/1.1 429 Too Many\r\nDate: Wed, 21 Oct 2026 07:27:00 GMT\r\n"
    .. "Retry-After: %s\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"):format(value))
end

for _, url in ipairs { "https://storage.example:8443/api/v1/x?start=1", "/api/v1/x",
  "http://[::1]:80/", "https://user:word@host/path", "//storage.example/",
  "https://storage.example:8443@other.example/", "http://127.0.0.1:3128", "socks5h://proxy:1080",
  "x/../../y", "token.with-all_kinds~of=chars" } do
  seed("address", url)
end
