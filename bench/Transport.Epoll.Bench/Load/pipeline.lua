-- Sixteen requests at a time on each connection.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local batch

function init(args)
  batch = string.rep(wrk.format(), 16)
end

function request()
  return batch
end
