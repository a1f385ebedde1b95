--- The name of coffer.loop.callbacks in former releases; it goes with the next one.
return require "coffer.loop.callbacks"
