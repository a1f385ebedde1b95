-- Messages between a spec and a child process that it started: a Lua value as Lua source, its
-- length in front. Knows nothing of what the messages mean.

local message = {}

local function encode_table(value, parts)
  parts[#parts + 1] = "{"
  for key, item in pairs(value) do
    parts[#parts + 1] = "["
    message.encode_into(key, parts)
    parts[#parts + 1] = "]="
    message.encode_into(item, parts)
    parts[#parts + 1] = ","
  end
  parts[#parts + 1] = "}"
end

function message.encode_into(value, parts)
  if type(value) == "table" then
    encode_table(value, parts)
  else
    parts[#parts + 1] = string.format("%q", value)
  end
end

function message.encode(value)
  local parts = {}
  message.encode_into(value, parts)
  return table.concat(parts)
end

function message.decode(text)
  return assert(load("return " .. text, "=message", "t", {}))()
end

--- Sends one message over a blocking socket.
function message.send(socket, value)
  local text = message.encode(value)
  return socket:send(#text .. "\n" .. text)
end

--- Reads one message from a blocking socket; nil and a reason when the other side is gone.
function message.receive(socket)
  local length, trouble = socket:receive("*l")
  if not length then
    return nil, trouble
  end
  local text, cut = socket:receive(assert(math.tointeger(tonumber(length))))
  if not text then
    return nil, cut
  end
  return message.decode(text)
end

return message
