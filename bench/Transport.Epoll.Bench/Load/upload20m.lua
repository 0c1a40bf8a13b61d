-- A body of 20 MiB with every request.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

wrk.method = "POST"
wrk.body = string.rep("x", 20 * 1024 * 1024)
