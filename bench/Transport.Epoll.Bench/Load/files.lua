-- The files of the static profile, one after the other.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local requests = {}
local last = 0

function init(args)
  for i = 0, 19 do
    requests[i + 1] = wrk.format(nil, string.format("/files/%d.bin", i))
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
