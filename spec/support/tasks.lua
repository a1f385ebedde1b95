-- Coroutines that wait for sockets and for moments, in the fault server's one thread.

local socket = require "socket"

local tasks = {}

local all = {}

local function resume(task)
  local ok, want = coroutine.resume(task.thread)
  assert(ok, want)
  task.want = want or {}
end

--- Starts body(...) as a task, up to where it first waits.
function tasks.spawn(body, ...)
  local arguments = table.pack(...)
  local task = {
    thread = coroutine.create(function()
      body(table.unpack(arguments, 1, arguments.n))
    end),
  }
  all[#all + 1] = task
  resume(task)
end

--- Sleeps until one of want.read, want.read_too and want.write is ready, or want.at has come.
function tasks.wait(want)
  coroutine.yield(want)
end

function tasks.sleep(seconds)
  tasks.wait { at = socket.gettime() + seconds }
end

local function gather(watched)
  local reads, writes, soonest = { table.unpack(watched) }, {}, socket.gettime() + 1
  for _, task in ipairs(all) do
    local want = task.want
    reads[#reads + 1] = want.read
    reads[#reads + 1] = want.read_too
    writes[#writes + 1] = want.write
    soonest = math.min(soonest, want.at or soonest)
  end
  return reads, writes, math.max(0, soonest - socket.gettime())
end

--- Waits, a second at most, until a task or one of the watched sockets has something to do; answers
--- which of the sockets are readable, and which writable.
function tasks.select(watched)
  return socket.select(gather(watched))
end

local function is_due(want, readable, writable)
  return (want.read and readable[want.read])
    or (want.read_too and readable[want.read_too])
    or (want.write and writable[want.write])
    or (want.at and want.at <= socket.gettime())
end

--- Lets every task go on that has waited long enough.
function tasks.run(readable, writable)
  for _, task in ipairs { table.unpack(all) } do
    if is_due(task.want, readable, writable) then
      resume(task)
    end
  end
  for i = #all, 1, -1 do
    if coroutine.status(all[i].thread) == "dead" then
      table.remove(all, i)
    end
  end
end

return tasks
