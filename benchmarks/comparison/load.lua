-- Post several bodies in turn; write the result as one line of JSON.
-- Arguments: a folder with bodies named 1, 2, ...; their number; their content type.

local requests, last = {}, 0

function init(args)
  for n = 1, tonumber(args[2]) do
    local file = assert(io.open(args[1] .. "/" .. n, "rb"))
    requests[n] = wrk.format("POST", nil, { ["Content-Type"] = args[3] }, file:read("*a"))
    file:close()
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nresult {"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "errors": '
      .. '{"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
