-- A body of 1 MiB with every request.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

wrk.method = "POST"
wrk.body = string.rep("x", 1024 * 1024)
