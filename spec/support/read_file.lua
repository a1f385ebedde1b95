--- All of a file; it has to be there.
return function(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end
