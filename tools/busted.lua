-- busted under the interpreter that runs this file: its own launcher picks another.
require "busted.runner" { standalone = false }
