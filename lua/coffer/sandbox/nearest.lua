-- The known word that a misspelt one was most likely meant to be.

local function distance(left, right)
  local former = {}
  for place = 0, #right do former[place] = place end
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

--- A word that is longer is like none.
local MAX_LENGTH = 64

--- " (did you mean 'word'?)", or nothing when no word is close.
return function(word, known)
  if #word > MAX_LENGTH then return "" end
  local best, fewest = nil, math.max(1, (#word + 2) // 3) + 1
  for _, candidate in ipairs(known) do
    local steps = distance(word, candidate)
    if steps < fewest then best, fewest = candidate, steps end
  end
  return best and (" (did you mean '%s'?)"):format(best) or ""
end
