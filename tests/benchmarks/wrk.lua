-- Sends the requests of a table in turn, and counts the answers that are not as expected.
-- `requests`, `expected` and `count` (a number for the place of #NUMBER#, or nil) come before this.

sent, wrong, example = -1, 0, 0 -- wrk asks for one request that it never sends

function request()
  sent = sent + 1
  local text = requests[sent % #requests + 1]
  if not count then return text end
  count = count + 1
  return (text:gsub("#NUMBER#", string.format("%015d", count)))
end

function response(status)
  if status ~= expected then
    wrong, example = wrong + 1, status
  end
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency)
  local thread, errors = threads[1], summary.errors
  io.stdout:write(string.format(
    '\n{"sent": %d, "wrong": %d, "example": %d, "broken": %d, "answered": %d, "us": %d, "p50": %d, "p99": %d}\n',
    thread:get("sent"), thread:get("wrong"), thread:get("example"),
    errors.connect + errors.read + errors.write + errors.timeout,
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99)))
end
