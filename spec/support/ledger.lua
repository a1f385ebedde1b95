-- What the fault server saw: connections, requests from their first byte on, and the creates that
-- it executed.

local ledger = {
  connections = {},
  requests = {},
  creates = 0,
  begun_at = 0,
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

--- A create was executed.
function ledger.create()
  ledger.creates = ledger.creates + 1
end

--- A whole POST is a create, unless it is Clumio's refresh or its order says that it is not
--- executed.
function ledger.complete(request, order)
  request.complete = true
  if request.method == "POST" and not request.path:find "/_refresh$"
    and order.executes ~= false then
    ledger.create()
  end
end

--- From here on nothing has been created yet, or else there is something already.
function ledger.begin(exists)
  ledger.begun_at = ledger.creates - (exists and 1 or 0)
end

--- True when a create was executed since.
function ledger.has_created()
  return ledger.creates > ledger.begun_at
end

return ledger
