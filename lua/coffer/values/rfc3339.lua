--- Times as the providers write them.
local rfc3339 = {}

--- Days from 1970-01-01 to a date of the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  return 365 * year + year // 4 - year // 100 + year // 400
    + (153 * month - 457) // 5 + day - 719469
end

--- Seconds since 1970 of an RFC 3339 time such as 2022-12-12T08:56:28.000000Z
-- or 2019-10-04T07:11:55.000+00:00; nil where it is none.
function rfc3339.seconds(text)
  local year, month, day, hour, minute, second, rest =
    tostring(text):match "^(%d%d%d%d)-(%d%d)-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)(.*)$"
  if not year then
    return nil
  end
  local fraction, zone = rest:match "^([.,]?%d*)([Zz+-].*)$"
  local sign, hours, minutes = (zone or ""):match "^([+-])(%d%d):?(%d%d)$"
  if not sign and not (zone or ""):match "^[Zz]$" then
    return nil
  end
  local offset = sign and (hours * 3600 + minutes * 60) * (sign == "-" and -1 or 1) or 0
  local part = tonumber("0" .. fraction:gsub(",", ".")) or 0
  return days(year // 1, month // 1, day // 1) * 86400
    + hour * 3600 + minute * 60 + second + part - offset
end

return rfc3339
