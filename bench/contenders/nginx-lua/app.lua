-- /db and /fortunes inside nginx. One connection to the database for each worker, kept; LuaSQL waits for it without letting others run.
local mysql = require "luasql.mysql"

local WORLDS = 10000
local ESCAPED = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local M = {}
local connection

-- Whoever starts nginx sets the port: once for all workers, before they are forked.
function M.configure(port)
  M.port = port
end

function M.start_worker()
  math.randomseed(ngx.now() * 1000 + ngx.worker.pid())
end

local function query(sql)
  if not connection then
    connection = assert(mysql.mysql():connect("sample", "sample", "sample", "127.0.0.1", M.port))
    assert(connection:execute("SET NAMES utf8mb4"))
  end
  local rows, message = connection:execute(sql)
  if not rows then
    -- The next request tries a new connection.
    connection:close()
    connection = nil
    error(message)
  end
  return rows
end

function M.db()
  local rows = query("SELECT id, randomNumber FROM world WHERE id = " .. math.random(WORLDS))
  local id, number = rows:fetch()
  rows:close()
  ngx.header["Content-Type"] = "application/json"
  local body = string.format('{"id":%d,"randomNumber":%d}', id, number)
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

function M.fortunes()
  local all = { { id = 0, message = "Additional fortune added at request time." } }
  local rows = query("SELECT id, message FROM fortune")
  local id, message = rows:fetch()
  while id do
    all[#all + 1] = { id = id, message = message }
    id, message = rows:fetch()
  end
  rows:close()
  table.sort(all, function(a, b) return a.message < b.message end)

  local html = { "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table><tr><th>id</th><th>message</th></tr>" }
  for _, row in ipairs(all) do
    html[#html + 1] = "<tr><td>" .. row.id .. "</td><td>" .. row.message:gsub("[&<>\"']", ESCAPED) .. "</td></tr>"
  end
  html[#html + 1] = "</table></body></html>"
  local body = table.concat(html)
  ngx.header["Content-Type"] = "text/html; charset=utf-8"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

function M.plaintext()
  ngx.header["Content-Type"] = "text/plain"
  ngx.header["Content-Length"] = 13
  ngx.print("Hello, World!")
end

function M.json()
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = 27
  ngx.print('{"message":"Hello, World!"}')
end

return M
