-- The generic cell rate algorithm over several allowances: one from each, or none.
-- KEYS: the allowances. ARGV: for each, microseconds in which it grows by one, and how many may be taken at once.
-- A key holds the instant at which its allowance is full again, by this server's clock.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at, wait = {}, 0
for i, key in ipairs(KEYS) do
  local every, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local until_now = tonumber(redis.call('GET', key) or 0)
  -- A clock that was set back must not stop everybody: nothing lies further ahead than a whole burst.
  if until_now < now or until_now > now + every * burst then until_now = now end
  full_at[i] = until_now + every
  wait = math.max(wait, full_at[i] - now - every * burst)
end
if wait > 0 then return math.ceil(wait / 1000) end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', full_at[i]), 'PX', math.ceil((full_at[i] - now) / 1000))
end
return 0
