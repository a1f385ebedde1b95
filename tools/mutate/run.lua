-- Tries the changes that changes.lua finds; see tools/mutate.sh.
--   lua5.4 run.lua PLACE WORKERS SEED [OPTION...]
local changes = dofile "tools/mutate/changes.lua"
local harmless = dofile "tools/mutate/harmless.lua"
local targets = dofile "tools/mutate/targets.lua"

local WANTED = 0.97

local place, workers, seed = arg[1], tonumber(arg[2]), arg[3]
local count, only, lists = 120, nil, false
for i = 4, #arg do
  local name, value = arg[i]:match "^%-%-(%l+)=?(.*)$"
  if name == "count" then
    count = assert(tonumber(value), "--count takes a number")
  elseif name == "seed" then
    seed = value
  elseif name == "only" then
    only = value
  elseif name == "list" then
    lists = true
  else
    error("there is no option " .. arg[i], 0)
  end
end

--- A generator of its own, so that one text always chooses the same changes.
local function generator(text)
  local state = 5381
  for byte in text:gmatch "." do
    state = (state * 33 + byte:byte()) % 2147483647
  end
  return function(most)
    state = (state * 48271 + 11) % 2147483647
    return state % most + 1
  end
end

local function is_harmless(change)
  for _, known in ipairs(harmless) do
    if known.file == change.file and change.text:find(known.text, 1, true)
      and known.from == change.from and known.to == change.to then
      known.is_there = true
      return true
    end
  end
  return false
end

local function files_of(pattern)
  local list <close> = assert(io.popen("git ls-files " .. pattern))
  local files = {}
  for file in list:lines() do
    files[#files + 1] = file
  end
  assert(#files > 0, pattern .. " is no file of the source")
  return files
end

--- All changes, those of one target together.
local function all_changes()
  local all = {}
  for _, target in ipairs(targets) do
    local found = {}
    for _, file in ipairs(files_of(target.files)) do
      for _, change in ipairs(changes.of(file)) do
        change.specs = target.specs
        if not is_harmless(change) and not (only and not file:find(only, 1, true)) then
          found[#found + 1] = change
        end
      end
    end
    all[#all + 1] = found
  end
  return all
end

--- Some of each target, as many of each as it has of all.
local function choose(all)
  local random, chosen = generator(seed), {}
  local total = 0
  for _, found in ipairs(all) do
    total = total + #found
  end
  for _, found in ipairs(all) do
    local wanted = only and #found or math.min(#found, math.ceil(count * #found / total))
    for i = 1, wanted do
      local at = i + random(#found - i + 1) - 1
      found[i], found[at] = found[at], found[i]
      chosen[#chosen + 1] = found[i]
    end
  end
  return chosen
end

local function describe(change)
  local from, to = change.from:match "^%s*(.-)%s*$", change.to:match "^%s*(.-)%s*$"
  return ("%s:%d: %s -> %s   in: %s"):format(change.file, change.line, from,
    to == "" and "nothing" or to, change.text:match "^%s*(.*)$")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

--- What a worker does for one change, as a shell's words. It ends with 0 where the specs fail, 1
-- where they pass, 2 where the change does not compile. What C loses or tramples on, the sanitizers
-- notice.
local PROGRAM = [[
cd %s/%d/source || exit 3
if [ -d build/sanitize ]; then
  cmake --build build/sanitize -j 1 >/dev/null 2>&1 || exit 2
fi
timeout -k 5 600 sh tools/%s.sh --no-keep-going %s >build/specs.log 2>&1 && exit 1
exit 0
]]

local function start(worker, change)
  local path = ("%s/%d/source/%s"):format(place, worker, change.file)
  local original <close> = assert(io.open(path, "rb"))
  change.original, change.path = original:read "a", path
  write(path, change.source)
  local script = ("%s/%d/run.sh"):format(place, worker)
  write(script, PROGRAM:format(place, worker,
    change.file:find "%.c$" and "sanitize" or "test", change.specs))
  return io.popen(("sh %s; echo $?"):format(script))
end

local function finish(change, pipe)
  local verdict = tonumber(pipe:read "a")
  pipe:close()
  write(change.path, change.original)
  return verdict
end

local WORDS = { [0] = "noticed ", [1] = "SURVIVED", [2] = "no code " }

--- Tries all of them, as many at a time as there are workers.
local function try(chosen)
  local tally, survivors = { [0] = 0, 0, 0, 0 }, {}
  for first = 1, #chosen, workers do
    local running = {}
    for worker = 1, math.min(workers, #chosen - first + 1) do
      running[worker] = start(worker, chosen[first + worker - 1])
    end
    for worker, pipe in ipairs(running) do
      local change = chosen[first + worker - 1]
      local verdict = finish(change, pipe)
      tally[verdict] = tally[verdict] + 1
      print(("%s %s"):format(WORDS[verdict] or "trouble ", describe(change)))
      io.stdout:flush()
      if verdict == 1 then
        survivors[#survivors + 1] = change
      end
    end
  end
  return tally, survivors
end

local function check_harmless()
  local is_fine = true
  for _, known in ipairs(harmless) do
    if not known.is_there and not only then
      print(("tools/mutate/harmless.lua: %s has no such text any more: %s"):format(known.file,
        known.text))
      is_fine = false
    end
  end
  return is_fine
end

local chosen = choose(all_changes())
if lists then
  for _, change in ipairs(chosen) do
    print(describe(change))
  end
  os.exit(check_harmless())
end
local tally, survivors = try(chosen)
local tried = tally[0] + tally[1]
print(("%d of %d changes were noticed (%.1f %%), %d did not compile; seed %s"):format(tally[0],
  tried, 100 * tally[0] / math.max(tried, 1), tally[2], seed))
for _, change in ipairs(survivors) do
  print("survived: " .. describe(change))
end
os.exit(check_harmless() and tally[0] >= tried * WANTED)
