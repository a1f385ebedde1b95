-- Speaks to the sandbox over luasocket, so that it is not judged by coffer's own client.

local cjson = require("cjson").new()
local http = require "socket.http"
local ltn12 = require "ltn12"
local providers = require "providers"

http.TIMEOUT = 10

local sandbox_call = {}

--- The headers that a right request to the provider has. A body asks for a Content-Type.
function sandbox_call.headers(box, provider, body)
  local case, token = providers[provider], box:options(provider).token
  return {
    [case.token_header] = case.token_header == "Authorization" and "Bearer " .. token or token,
    Accept = case.type, ["Content-Length"] = tostring(#(body or "")),
    ["Content-Type"] = body and (case.sent_type or "application/json") or nil,
  }
end

--- Sends anything. Gives { status =, headers =, body = (text), json = (where it is JSON) }.
function sandbox_call.send(method, url, headers, body)
  local pieces = {}
  local done, status, got = http.request {
    method = method, url = url, headers = headers, redirect = false,
    source = body and ltn12.source.string(body), sink = ltn12.sink.table(pieces),
  }
  if not done then return nil, status end
  local text = table.concat(pieces)
  local is_json, value = pcall(cjson.decode, text)
  return { status = status, headers = got, body = text, json = is_json and value or nil }
end

--- A right request, or one changed by `changes`: header values, false to leave one out.
function sandbox_call.ask(box, provider, line, body, changes)
  local method, path = line:match "^(%S+) (%S+)$"
  local headers = sandbox_call.headers(box, provider, body)
  for name, value in pairs(changes or {}) do headers[name] = value or nil end
  return sandbox_call.send(method, box:options(provider).base_url .. path, headers, body)
end

return sandbox_call
