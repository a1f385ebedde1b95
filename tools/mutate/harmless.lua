-- Changes that tools/mutate.sh may make and that change nothing a user could notice, and why.
--   { file =, text = part of the line, from =, to =, why = }
return {
}
