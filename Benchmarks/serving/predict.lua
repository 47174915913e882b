-- Posts one 28x28 image as JSON; prints one line for the table: connections requests/s p50 p99 errors.
local rows = {}
local seed = 7
for row = 1, 28 do
  local values = {}
  for column = 1, 28 do
    seed = (seed * 1103515245 + 12345) % 2147483648
    -- Half of the pixels are background, as in the real images; the others have four digits.
    values[column] = seed % 2 == 0 and "0" or string.format("%.4f", seed / 2147483648)
  end
  rows[row] = "[" .. table.concat(values, ",") .. "]"
end

wrk.method = "POST"
wrk.path = "/predict"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"input": [' .. table.concat(rows, ",") .. "]}"

done = function(summary, latency)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %.0f %.3f %.3f %.3f %d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3, errors))
end
