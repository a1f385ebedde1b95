--- The error of a call, or of a helper of several, that was cut off in the midst of it by Ctrl-C, a
-- hook or the end of memory: { cause =, failure = }; of an ensure of many also { results =,
-- failures =, words =, in_doubt = }. It reads as its cause, and tells what is in doubt.
local text = require "coffer.values.text"

local Interrupted = { __name = "coffer.interrupted" }

function Interrupted:__tostring()
  local count = self.in_doubt and ("%d in doubt, the first: "):format(self.in_doubt) or ""
  local failure = self.failure and ("\n%s%s"):format(count, tostring(self.failure)) or ""
  return text.of(self.cause) .. failure
end

--- Makes such an error of its fields.
return function(fields)
  return setmetatable(fields, Interrupted)
end
