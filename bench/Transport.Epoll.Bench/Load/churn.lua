-- Every tenth request, by chance, is the last on its connection.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local keep, close

function init(args)
  keep = wrk.format()
  close = wrk.format(nil, nil, { ["Connection"] = "close" })
end

function request()
  return math.random(10) == 1 and close or keep
end
