--- The name of coffer.scheduler in former releases; it goes with the next one.
return require "coffer.scheduler"
