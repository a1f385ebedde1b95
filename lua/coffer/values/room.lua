--- Tables with room in them: to put something there takes no memory, so that what came of a send is
-- kept when memory ends.
local room = {}

--- A list with room for so many items.
function room.of(count)
  local places = {}
  for i = 1, count do
    places[i] = false
  end
  for i = 1, count do
    places[i] = nil
  end
  return places
end

return room
