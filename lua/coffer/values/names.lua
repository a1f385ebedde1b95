--- The names in a table, in order: numbers by size, others as text.

local function is_before(left, right)
  if math.type(left) and math.type(right) then
    return left < right
  end
  return tostring(left) < tostring(right)
end

--- @param of table
-- @return list of its keys
return function(of)
  local names = {}
  for name in pairs(of) do
    names[#names + 1] = name
  end
  table.sort(names, is_before)
  return names
end
