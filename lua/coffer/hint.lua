--- What libcurl says of a failure, made fit to be shown, with the way out where
-- one of coffer's options is it. libcurl's codes do not tell these apart; its
-- texts do.
local lower = require("coffer.values.text").lower

local hint = {}

local TRUST = "where a private authority has signed it, give its certificate as ca_file"
local AUTHORITIES = "ca_file has to be a readable PEM file of certificates; "
  .. "so has the system's own, which is taken where none is given"
local KEY = "see client_certificate and client_key; "
  .. "an encrypted key needs its password as client_key_password"

--- Patterns of texts, in lower case, and what to do about them.
local ways = {
  { "alert", nil }, -- the other side's complaint: of our certificate, if of any
  { "issuer certificate", TRUST },
  { "self.signed certificate", TRUST },
  { "verify the first certificate", TRUST },
  { "certificate verification failed", TRUST },
  { "setting certificate file", AUTHORITIES },
  { "setting certificate verify", AUTHORITIES },
  { "reading ca cert file", AUTHORITIES },
  { "trust anchors", AUTHORITIES },
  { "private key", KEY },
  { "pass phrase", KEY },
  { "encrypted key", KEY },
}

local function way_out(text)
  for _, way in ipairs(ways) do
    if text:find(way[1]) then
      return way[2]
    end
  end
end

--- The text, without the user and password that an address in it may have.
-- @param text string or nil
-- @param code string: the failure's
function hint.add(text, code)
  if not text then
    return nil
  end
  text = text:gsub(text:find "proxy" and "%S*@" or "://%S*@", "[secret]@")
  local way = code == "tls" and way_out(lower(text))
  return way and ("%s (%s)"):format(text, way) or text
end

return hint
