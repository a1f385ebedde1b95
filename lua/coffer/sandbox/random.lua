-- Names and secrets that differ with every creation, from the system's random source.

local random = {}

local function bytes(count)
  local source <close> = assert(io.open("/dev/urandom", "rb"))
  source:setvbuf("no")
  return source:read(count)
end

--- `length` characters, each one of the alphabet's.
function random.text(alphabet, length)
  return (bytes(length):gsub(".", function(byte)
    local place = byte:byte() % #alphabet + 1
    return alphabet:sub(place, place)
  end))
end

function random.hex(length)
  return random.text("0123456789abcdef", length)
end

--- A version 4 UUID in lower case.
function random.uuid()
  return table.concat({
    random.hex(8), random.hex(4), "4" .. random.hex(3), random.text("89ab", 1) .. random.hex(3),
    random.hex(12),
  }, "-")
end

return random
