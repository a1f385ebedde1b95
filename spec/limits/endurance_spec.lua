-- Many calls in one process: nothing piles up.

local child = require "child"
local providers = require "providers"
local server = require "server"

--- Makes creates, first some to warm up and then in rounds; prints the memory in kilobytes and the
--- number of descriptors after each time.
local function work(url, warm_up, rounds, each)
  local coffer = require "coffer"
  local function weigh()
    collectgarbage()
    collectgarbage()
    local file = assert(io.open "/proc/self/status")
    local memory = file:read("a"):match "VmRSS:%s+(%d+) kB"
    file:close()
    -- popen itself may have another one open at first
    local pipe = io.popen "sleep 0.1; ls /proc/$PPID/fd | wc -l"
    local descriptors = pipe:read "n"
    pipe:close()
    print(memory, descriptors)
  end
  local client = assert(coffer.clumio { base_url = url, token = "t" })
  local function create(count)
    for _ = 1, count do
      local wallet = assert(client:create_wallet "123456789012")
      assert(wallet.id == "w-1")
    end
    weigh()
  end
  create(warm_up)
  for _ = 1, rounds do
    create(each)
  end
end

describe("many creates", function()
  it("leave memory and descriptors as they are", function()
    if not io.open "/proc/self/status" then
      pending "there is no /proc"
    end
    local faulty <close> = server.start { { send = providers.clumio.good(), finish = "keep" } }
    local ended = child.run(work, faulty.url, 5000, 4, 2500)
    assert.equal("", ended.errors)
    assert.equal(0, ended.status)
    local memory, descriptors = {}, {}
    for kilobytes, count in ended.output:gmatch "(%d+)%s+(%d+)\n" do
      memory[#memory + 1] = math.tointeger(tonumber(kilobytes))
      descriptors[#descriptors + 1] = count
    end
    local first = descriptors[1]
    assert.same({ first, first, first, first, first }, descriptors)
    assert.equal(15000, faulty:creates())
    assert.equal(1, #faulty:connections())
    -- the sanitizers keep what was freed; the heap has grown to its size by the second time
    if not os.getenv "COFFER_SANITIZED" then
      assert.is_true(memory[5] - memory[2] <= 64, table.concat(memory, ", ") .. " kB")
    end
  end)
end)
