-- Called by wrk once, after the run: one line for the benchmark to read.
-- Only done() is defined: request() or response() would make wrk run Lua for every request.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %.0f %.0f %.0f\n",
    summary.requests,
    summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50),
    latency:percentile(99),
    latency:percentile(99.9)))
end
