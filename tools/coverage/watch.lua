local is_there, watch = pcall(require, "lines")
if is_there then
  local set = debug.sethook
  function debug.sethook(...)
    set(...)
    if select("#", ...) == 0 then watch() end
  end
end
