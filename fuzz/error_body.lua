-- The same with a head that is right, so that the bytes are a body: the first byte chooses the
-- call, the second the status.
local answer = dofile "fuzz/answer.lua"

local statuses = { 400, 401, 403, 404, 409, 422, 429, 500, 503, 200, 201, 202 }

return function(bytes)
  local call, status = bytes:byte(1, 2)
  local body = bytes:sub(3)
  answer(("%cHTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s")
    :format(call or 0, statuses[(status or 0) % #statuses + 1], #body, body))
end
