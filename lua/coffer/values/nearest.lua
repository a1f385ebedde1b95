--- Did you mean ...? The known name that a misspelt one was most likely meant to be.
local text = require "coffer.values.text"

local nearest = {}

--- Longer names are near to none. A known name at the end of the wanted one, as in `my_token`,
-- counts as so many wrong letters.
local MAX_LENGTH, MAX_STEPS, AT_END = 40, 3, 2

--- How many letters have to be changed, added or taken away.
local function distance(left, right)
  local former = {}
  for place = 0, #right do
    former[place] = place
  end
  for i = 1, #left do
    local row = { [0] = i }
    for place = 1, #right do
      local cost = left:byte(i) == right:byte(place) and 0 or 1
      row[place] = math.min(former[place] + 1, row[place - 1] + 1, former[place - 1] + cost)
    end
    former = row
  end
  return former[#right]
end

--- How far the names are from each other; nil where it is too far.
local function steps_to(wanted, known)
  if #wanted > MAX_LENGTH or #known > MAX_LENGTH then
    return nil
  elseif wanted:sub(-#known - 1) == "_" .. known then
    return AT_END
  end
  local steps = distance(wanted, known)
  return steps <= math.min(MAX_STEPS, (#known + 2) // 3, #known - 1) and steps or nil
end

--- @param wanted any: the misspelt name
-- @param known table: with names as keys
-- @return the nearest of them, or nil
function nearest.of(wanted, known)
  local best, fewest
  wanted = text.lower(tostring(wanted))
  for name in next, known do
    local steps = type(name) == "string" and steps_to(wanted, text.lower(name))
    if steps and (not best or steps < fewest or steps == fewest and name < best) then
      best, fewest = name, steps
    end
  end
  return best
end

--- The same for the end of a message: " (did you mean 'token'?)", or "".
function nearest.hint(wanted, known)
  local best = nearest.of(wanted, known)
  return best and (" (did you mean '%s'?)"):format(best) or ""
end

return nearest
