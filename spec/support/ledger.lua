-- What the fault server saw: connections, requests from their first byte on, and the creates that
-- it executed.

local ledger = {
  connections = {},
  requests = {},
  creates = 0,
  errors = {},
}

function ledger.connection()
  local record = { received = 0, sent = 0, requests = 0 }
  ledger.connections[#ledger.connections + 1] = record
  record.number = #ledger.connections
  return record
end

function ledger.request(connection, at)
  local record = { connection = connection.number, complete = false, at = at }
  connection.requests = connection.requests + 1
  ledger.requests[#ledger.requests + 1] = record
  return record
end

--- A whole POST is a create, unless it is Clumio's refresh.
function ledger.complete(request)
  request.complete = true
  if request.method == "POST" and not request.path:find "/_refresh$" then
    ledger.creates = ledger.creates + 1
  end
end

return ledger
