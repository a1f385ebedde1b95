-- Measures and prints the tables of docs/performance.md. Started by tools/bench.sh, which names the
-- tables in its arguments: create, many, json, load, connect; none means all.

package.path = package.path .. ";./?.lua"

local prices = require "bench.prices"
local rivals = require "bench.rivals"
local samples = require "bench.samples"
local servers = require "bench.servers"
local workdir = require "workdir"

local instructions, measure, median = prices.instructions, prices.measure, prices.median

-- Printing --------------------------------------------------------------------

local function row(...)
  print("| " .. table.concat({ ... }, " | ") .. " |")
end

local function head(title, ...)
  print("\n### " .. title .. "\n")
  row(...)
  print("|" .. (" --- |"):rep(select("#", ...)))
end

local function has_valgrind()
  local is_there = prices.succeeds "valgrind --version"
  if not is_there then
    print "(instructions are left out: no valgrind)"
  end
  return is_there
end

-- The price of one call -------------------------------------------------------

--- Who creates; the floor is the first.
local function creators()
  local list = {
    { name = "C over libcurl, handle kept", start = "build/bench/floor create", path = "/wallets" },
    { name = "C over libcurl, every option anew", start = "build/bench/floor every",
      path = "/wallets" },
    { name = "coffer", start = rivals.program "create.lua" },
  }
  for _, who in ipairs(list) do
    who.times, who.is_counted = 10000, true
  end
  for _, rival in ipairs(rivals.installed()) do
    list[#list + 1] = rival
  end
  return list
end

local function command_of(who, url, ca_file, ...)
  return table.concat({ who.start, url .. (who.path or ""), ca_file, ... }, " ")
end

--- The CPU of one call of each, in µs: all in turn, round after round, so that what else the
--- machine does falls on all of them.
local function cpu_of_all(list, url, ca_file)
  local found = {}
  for _ = 1, 7 do
    for i, who in ipairs(list) do
      found[i] = found[i] or {}
      table.insert(found[i], 1e6 * prices.of_one(function(count)
        return measure(command_of(who, url, ca_file, count)).cpu
      end, who.times // 10, who.times, 1))
    end
  end
  for i, each in ipairs(found) do
    found[i] = median(each)
  end
  return found
end

local function instructions_of_all(list, url, ca_file)
  local found = {}
  for i, who in ipairs(list) do
    found[i] = who.is_counted and prices.of_one(function(count)
      return instructions(command_of(who, url, ca_file, count))
    end, who.times // 50, who.times * 3 // 25, 1)
  end
  return found
end

local function create(at)
  local list, columns = creators(), {}
  local is_counted = has_valgrind()
  for i, url in ipairs { at.plain, at.tls } do
    columns[i] = cpu_of_all(list, url, at.root)
    columns[i + 2] = is_counted and instructions_of_all(list, url, at.root) or {}
  end
  head(("One create, answer of %d bytes, connection kept"):format(#samples.wallet(1)), "",
    "CPU, plain", "CPU, TLS", "instructions, plain", "instructions, TLS")
  for i, who in ipairs(list) do
    local cells = {}
    for k, column in ipairs(columns) do
      cells[k] = column[i] and (k < 3 and "%.0f µs (%.2f)" or "%.0f (%.2f)"):format(column[i],
        column[i] / column[1]) or "-"
    end
    row(who.name, table.unpack(cells))
  end
end

-- Many at once ------------------------------------------------------------------

local CALLS, CALLS_ALONE, DELAY = 1000, 100, 0.05

local function concurrent()
  local list = { { name = "C multi", start = "build/bench/floor many", path = "/wallets" },
                 { name = "coffer.map", start = rivals.program "many.lua" } }
  for _, rival in ipairs(rivals.installed()) do
    if rival.has_many then
      list[#list + 1] = rival
    end
  end
  return list
end

--- The ideal time as a part of the time it took, and the peak memory in KiB.
local function fraction(who, url, ca_file, at_once, times)
  local calls = at_once == 1 and CALLS_ALONE or CALLS
  local walls, peak = {}, 0
  for i = 1, times do
    local used = measure(command_of(who, url, ca_file, calls, at_once))
    walls[i], peak = used.said[1], math.max(peak, used.peak)
  end
  return math.ceil(calls / at_once) * DELAY / median(walls), peak
end

local function row_of_many(who, at)
  local cells, most = {}, nil
  local function add(part, peak)
    cells[#cells + 1] = ("%.0f %%"):format(part * 100)
    return peak
  end
  for _, at_once in ipairs { 1, 16, 64, 256 } do
    most = add(fraction(who, at.delay, at.root, at_once, 3))
  end
  add(fraction(who, at.slow, at.bundle, 256, 3))
  local _, least = fraction(who, at.delay, at.root, 2, 1)
  cells[#cells + 1] = ("%.1f KB"):format((most - least) / 254)
  row(who.name, table.unpack(cells))
end

local function many(at)
  local list = concurrent()
  head(("%d calls to a server that answers after %.0f ms: ideal time over wall time"):format(CALLS,
    DELAY * 1000), "", ("1 at once (%d calls)"):format(CALLS_ALONE), "16", "64", "256",
    "256, TLS with the system's CA file", "memory per call in flight at 256")
  for _, who in ipairs(list) do
    row_of_many(who, at)
  end
end

-- JSON --------------------------------------------------------------------------

--- MB/s and instructions per byte.
local function cells_of_json(each, library, direction, is_counted)
  local size = #each.text
  local function command(count)
    return ("%s %s %s %s %d"):format(rivals.program "codec.lua", library, direction, each.path,
      count)
  end
  local cpu = prices.of_one(function(count) return measure(command(count)).cpu end, each.times,
    each.times * 4, 5)
  return ("%.0f"):format(size / cpu / 1e6), is_counted and ("%.1f"):format(prices.of_one(
    function(count) return instructions(command(count)) end, each.few, each.more, 1) / size) or "-"
end

local function json()
  local lists = {
    { name = "one wallet", file = "wallet.json", text = samples.wallet(1),
      times = 5000, few = 200, more = 1200 },
    { name = "5,000 wallets", file = "wallets.json", text = samples.wallets(5000),
      times = 4, few = 1, more = 2 },
  }
  local is_counted = has_valgrind()
  head("JSON alone", "", "in, MB/s", "in, instructions per byte", "out, MB/s",
    "out, instructions per byte")
  for _, each in ipairs(lists) do
    each.path = workdir.write(each.file, each.text)
    for _, library in ipairs { "coffer", "cjson" } do
      local speed_in, price_in = cells_of_json(each, library, "in", is_counted)
      row(each.name .. ", " .. library, speed_in, price_in,
        cells_of_json(each, library, "out", is_counted))
    end
  end
end

-- Loading -----------------------------------------------------------------------

local function load()
  local lua = rivals.lua
  local list = {
    { "loading libcurl, in C", "build/bench/floor load" },
    { "Lua alone", lua .. " -e ''" },
    { "require coffer", lua .. " -e 'require [[coffer]]'" },
    { "require coffer and a client", lua
      .. " -e 'require [[coffer]].clumio { token = [[t]] }'" },
  }
  head("Loading", "", "CPU", "peak memory")
  local floor
  for _, each in ipairs(list) do
    local cpu, peak = {}, {}
    for i = 1, 21 do
      local used = measure(each[2])
      cpu[i], peak[i] = used.cpu * 1e3, used.peak / 1024
    end
    local found = { median(cpu), median(peak) }
    floor = floor or found
    row(each[1], ("%.1f ms (%.2f)"):format(found[1], found[1] / floor[1]),
      ("%.1f MB (%.2f)"):format(found[2], found[2] / floor[2]))
  end
end

-- New connections ---------------------------------------------------------------

local function connect(at)
  local list = {
    { name = "C over libcurl, CA file kept", start = "build/bench/floor connect",
      path = "/wallets", way = "cached" },
    { name = "C over libcurl, its defaults", start = "build/bench/floor connect",
      path = "/wallets", way = "defaults" },
    { name = "coffer", start = rivals.program "connect.lua" },
  }
  head("A new TLS connection with the system's CA file", "", "first, CPU", "later ones, CPU")
  for _, who in ipairs(list) do
    local first, later = {}, {}
    for i = 1, 5 do
      local said = measure(command_of(who, at.once, at.bundle, 30, who.way)).said
      first[i], later[i] = said[1] * 1e3, said[2] * 1e3
    end
    row(who.name, ("%.1f ms"):format(median(first)), ("%.2f ms"):format(median(later)))
  end
end

-- All ----------------------------------------------------------------------------

local tables = { create = create, many = many, json = json, load = load, connect = connect }
local order = { "many", "load", "connect", "create", "json" }

local function main(...)
  local wanted = select("#", ...) > 0 and { ... } or order
  print(os.date "!%Y-%m-%d", prices.first_line "curl-config --version", _VERSION)
  local at <close> = servers.start()
  for _, name in ipairs(wanted) do
    local print_table = tables[name] or error("no such table: " .. name)
    print_table(at)
  end
end

main(...)
