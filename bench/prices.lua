-- What commands cost: CPU, memory, instructions.

local process = require "process"
local workdir = require "workdir"

local prices = {}

local function shell(command)
  local pipe = io.popen(command)
  local text = pipe:read "a"
  return pipe:close() and text
end

local function numbers(text)
  local list = {}
  for word in (text or ""):gmatch "[%d.]+" do
    list[#list + 1] = tonumber(word)
  end
  return list
end

--- The first line of what a command prints, or nothing.
function prices.first_line(command)
  return (shell(command) or ""):match "[^\n]*"
end

function prices.succeeds(command)
  return os.execute(command .. " >/dev/null 2>&1") == true
end

--- What a command used: { cpu =, wall =, peak = in KiB, said = numbers it printed }.
function prices.measure(command)
  local said = workdir.file "said"
  local used = numbers(shell(("timeout 300 build/bench/measure %s 2>%s"):format(command,
    process.quote(said))))
  local file = assert(io.open(said, "rb"))
  local text = file:read "a"
  file:close()
  if not used[3] then
    error(command .. ": " .. text)
  end
  return { cpu = used[1], wall = used[2], peak = used[3], said = numbers(text) }
end

--- Instructions of a whole run.
function prices.instructions(command)
  local text = shell("timeout 600 valgrind --tool=callgrind --callgrind-out-file=/dev/null "
    .. command .. " 2>&1") or "it failed"
  return tonumber(text:match "Collected : (%d+)") or error(command .. ": " .. text)
end

function prices.median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

--- The price of one more, as the difference of two lengths, so that start-up falls out.
-- @param run function(count): what that many cost
function prices.of_one(run, short, long, times)
  local found = {}
  for i = 1, times do
    found[i] = (run(long) - run(short)) / (long - short)
  end
  return prices.median(found)
end

return prices
